/** Plugins that cannot be started: the server says which and why in one line, ends, and leaves nothing behind. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { writeRecordEvents } from "./harness/plugin-executable.ts";
import { isAlive } from "./harness/processes.ts";
import { RecordedEvents } from "./harness/recorded-events.ts";
import { Sandbox } from "./harness/sandbox.ts";
import { serveToItsEnd } from "./harness/server.ts";
import { notifierEntry, type Section, writeConfig } from "./harness/server-config.ts";
import { openStory } from "./harness/story.ts";

/** A good handshake line that leads nowhere would be accepted; these never get that far. */
const scripts: readonly { readonly does: string; readonly script: string; readonly says: RegExp }[] = [
  // go-plugin's own limit, a minute, which SFTPGo does not change either. First, so that the others run meanwhile.
  { does: "prints no line in time", script: "exec sleep 600", says: /timeout while waiting for plugin to start/ },
  { does: "prints garbage first", script: "echo hello world; exec sleep 600", says: /hello world/ },
  { does: "prints an empty first line", script: "echo; exec sleep 600", says: /handshake|first line|message/i },
  { does: "prints too few fields", script: 'echo "1|1|unix"; exec sleep 600', says: /1\|1\|unix/ },
  { does: "speaks another core version", script: 'echo "2|1|unix|/x|grpc"; exec sleep 600', says: /core API version/i },
  { does: "speaks another version of the API", script: 'echo "1|7|unix|/x|grpc"; exec sleep 600', says: /API version/ },
  { does: "speaks net/rpc", script: 'echo "1|1|unix|/x|netrpc"; exec sleep 600', says: /netrpc/ },
  { does: "exits before its line", script: "echo out of luck >&2; exit 3", says: /(?=.*\b3\b)(?=.*out of luck)/s },
  { does: "exits at once with 0", script: "exit 0", says: /exit|ended/i },
  {
    does: "prints a line of more than 64 KiB",
    script: "head -c 70000 /dev/zero | tr '\\0' x; exec sleep 600",
    says: /64 KiB|65,?536|too long|longer/i,
  },
];

// Together, because one of them waits for a minute.
describe("a plugin that does not start", { concurrency: 4 }, () => {
  for (const { does, script, says } of scripts) {
    test(`because it ${does}`, async (t) => {
      const sandbox = await Sandbox.open(t);
      const cmd = await sandbox.writeExecutable("plugins/broken-notifier", `#!/bin/sh\n${script}\n`);
      await assertRefused(sandbox, [notifierEntry(cmd)], /broken-notifier/, says);
    });
  }

  test("because its checksum is another", async (t) => {
    const sandbox = await Sandbox.open(t);
    const cmd = await writeRecordEvents(sandbox);
    const wrong = "0".repeat(64);
    const right = createHash("sha256")
      .update(await readFile(cmd))
      .digest("hex");
    const entry = notifierEntry(cmd, { sha256sum: wrong });
    const output = await assertRefused(sandbox, [entry], /record-events/, /checksum/i);
    assert.ok(output.includes(right) || output.includes(wrong), "neither the expected nor the found sum is named");
  });

  test("because the file is missing", async (t) => {
    const sandbox = await Sandbox.open(t);
    const entry = notifierEntry(sandbox.path("plugins", "no-such-plugin"));
    await assertRefused(sandbox, [entry], /no-such-plugin/, /ENOENT|no such file|does not exist|not found/i);
  });

  test("because the file is not executable", async (t) => {
    const sandbox = await Sandbox.open(t);
    const cmd = await sandbox.write("plugins/not-executable", "#!/bin/sh\n", 0o644);
    await assertRefused(sandbox, [notifierEntry(cmd)], /not-executable/, /EACCES|permission|not executable/i);
  });

  test("because it waits for another magic cookie", async (t) => {
    const sandbox = await Sandbox.open(t);
    const wants = 'if [ "$SFTPGO_PLUGIN_AUTH" = "" ]; then echo "this binary is a plugin" >&2; exit 1; fi';
    const cmd = await sandbox.writeExecutable("plugins/auth-plugin", `#!/bin/sh\n${wants}\n`);
    await assertRefused(sandbox, [notifierEntry(cmd)], /auth-plugin/, /this binary is a plugin/);
  });

  test("takes those down with it that had started before", async (t) => {
    const sandbox = await Sandbox.open(t);
    const good = await writeRecordEvents(sandbox);
    const events = new RecordedEvents(sandbox.path("events.jsonl"));
    const entries = [notifierEntry(good), notifierEntry(sandbox.path("plugins", "no-such-plugin"))];
    await assertRefused(sandbox, entries, /no-such-plugin/, /ENOENT|no such file|does not exist|not found/i, {
      RECORD_EVENTS_FILE: events.file,
    });
    for (const pid of events.pids()) assert.ok(!isAlive(pid));
  });
});

test("a plugin that ignores Shutdown and SIGTERM is killed when the server stops", async (t) => {
  const { server, events, sandbox } = await openStory(t, { users: [], pluginEnv: { RECORD_EVENTS_STUBBORN: "1" } });
  await events.waitForLine("the plugin", (line) => line.kind === "start");
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.ok(!isAlive(events.lastPid()));
  // It was asked before it was killed.
  assert.ok(events.lines().some((line) => line.kind === "stop" || line.kind === "signal"));
  await sandbox.assertNothingLeft();
});

/** Fails unless the server gives up with one error line that names the plugin and the reason, and nothing is left. */
async function assertRefused(
  sandbox: Sandbox,
  plugins: readonly Section[],
  name: RegExp,
  reason: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  // Short enough to wait for a plugin that says nothing, long enough for every other on a busy machine.
  const sections = { fairlead: { plugin_start_timeout: 15 } };
  const { file } = await writeConfig(sandbox, { plugins, sections });
  const result = await serveToItsEnd(sandbox, file, env);
  assert.ok(result.code !== 0 && result.code !== null, `ended with ${result.signal ?? result.code}`);
  const lines = `${result.stdout}${result.stderr}`.split("\n");
  const telling = lines.filter((line) => isError(line) && name.test(line) && reason.test(line));
  assert.equal(telling.length, 1, `not one error line with ${name} and ${reason}:\n${lines.join("\n")}`);
  assert.ok(!lines.some((line) => /^\s+at .*:\d+:\d+/.test(line)), "a stack trace is no message");
  await sandbox.assertNothingLeft();
  return telling[0] ?? "";
}

/** A log record of level error or above, or plain text on stderr. */
function isError(line: string): boolean {
  if (!line.startsWith("{")) return line !== "";
  const { level } = JSON.parse(line) as { readonly level?: unknown };
  return level === "error" || level === "fatal" || (typeof level === "number" && level >= 50);
}

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import type { Logger } from "@fairlead/go-plugin";
import { PluginHostError } from "@fairlead/plugin-host";

import { loadConfig } from "../src/config/load-config.ts";
import { FairleadError } from "../src/domain/fairlead-error.ts";
import { type FairleadServer, startServer } from "../src/start-server.ts";
import { fairlead, type ServeProcess, startServe } from "./fixtures/fairlead-process.ts";
import { sftp } from "./fixtures/openssh.ts";
import { makePluginScript } from "./fixtures/plugin-script.ts";

let folder = "";
let cmd = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-reload-"));
  cmd = makePluginScript(folder, "kms-plugin.ts", { KMS_FILE: join(folder, "calls") });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const awskms = () => ({ type: "kms", cmd, kms_options: { scheme: "awskms", encrypted_status: "AWS" } });
const gcpkms = () => ({ type: "kms", cmd, kms_options: { scheme: "gcpkms", encrypted_status: "GCP" } });

function configure(plugins: readonly object[], more: object = {}): void {
  const base = {
    sftpd: { bindings: [{ address: "127.0.0.1", port: 0 }], host_keys: ["id_ed25519"] },
    fairlead: { free_ports: true },
  };
  writeFileSync(join(folder, "fairlead.json"), JSON.stringify({ ...base, plugins, ...more }));
}

interface Line {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

async function startHere(): Promise<{ readonly server: FairleadServer; readonly lines: readonly Line[] }> {
  const lines: Line[] = [];
  const logger: Logger = {
    log: (_level, message, fields = {}) => lines.push({ message, fields }),
    child: () => logger,
  };
  const config = loadConfig({ configDir: folder, env: { PATH: process.env["PATH"] } });
  return { server: await startServer({ config, logger }), lines };
}

describe("reload()", () => {
  test("makes the plugins those of the file, and says what else has changed", async () => {
    configure([awskms()]);
    const { server, lines } = await startHere();
    await using _ = server;
    const pid = server.plugins.status()[0]?.pid;
    configure([gcpkms(), awskms()], { common: { idle_timeout: 7 }, sftpd: { bindings: [], host_keys: ["other"] } });
    const report = await server.reload();
    assert.deepEqual(
      report.plugins.map(({ outcome }) => outcome),
      ["added", "unchanged"],
    );
    assert.equal(server.plugins.status()[1]?.pid, pid);
    assert.ok(server.plugins.kms.byStatus("GCP"));
    const said = lines.find(({ message }) => message === "changed settings take a restart of the server");
    assert.deepEqual(said?.fields["ignored"], ["common.idle_timeout", "sftpd.bindings", "sftpd.host_keys"]);
  });

  test("changes nothing when the file cannot be used", async () => {
    configure([awskms()]);
    const { server } = await startHere();
    await using _ = server;
    const before = server.plugins.status();
    configure([{ ...awskms(), sha256sum: "zz" }]);
    await assert.rejects(server.reload(), (error: unknown) => PluginHostError.is(error, "ERR_PLUGIN_CONFIG"));
    writeFileSync(join(folder, "fairlead.json"), "{");
    await assert.rejects(server.reload(), (error: unknown) => FairleadError.is(error, "ERR_CONFIG_FILE"));
    assert.deepEqual(server.plugins.status(), before);
  });

  test("leaves the plugin alone that new secrets are encrypted with", async () => {
    const secrets = { kms: { secrets: { url: "awskms://key" } } };
    configure([awskms()], secrets);
    const { server } = await startHere();
    await using _ = server;
    configure([gcpkms()], secrets);
    await assert.rejects(server.reload(), /no kms plugin left for kms\.secrets\.url/);
    assert.ok(server.plugins.kms.byStatus("AWS"));
  });
});

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(20)) if (condition()) return;
  assert.fail(`waited in vain for ${what}`);
}

async function untilLogged(server: ServeProcess, text: string): Promise<void> {
  await until(() => server.log().includes(text), text);
}

const countOf = (text: string, part: string): number => text.split(part).length - 1;

/** A notifier that writes the path of each upload as a line. */
function makeRecorder(): string {
  const script = join(folder, "recorder");
  const sdk = import.meta.resolve("@fairlead/plugin-sdk");
  writeFileSync(
    script,
    `#!${process.execPath} --conditions=source
import { appendFileSync } from "node:fs";
import { serveNotifier } from ${JSON.stringify(sdk)};
await serveNotifier({
  onFsEvent: ({ virtualPath }) => appendFileSync(${JSON.stringify(join(folder, "events"))}, virtualPath + "\\n"),
});
`,
    { mode: 0o755 },
  );
  return script;
}

describe("SIGHUP", () => {
  test("reads the plugins section again, and goes on with an invalid one as before", async () => {
    configure([]);
    await using server = await startServe([], { cwd: folder });
    configure([awskms()]);
    server.child.kill("SIGHUP");
    await untilLogged(server, '"msg":"plugins reloaded"');
    assert.match(readFileSync(join(folder, "calls"), "utf8"), /"start":\d+/);
    writeFileSync(join(folder, "fairlead.json"), "{");
    server.child.kill("SIGHUP");
    await untilLogged(server, "reload refused, everything goes on as before");
    server.child.kill("SIGTERM");
    assert.equal((await server.result).code, 0);
  });

  test("loses no event of a session that goes on meanwhile", async () => {
    const added = await fairlead(["user", "add", "alice", "--home-dir", "home"], { cwd: folder, input: "secret\n" });
    assert.equal(added.code, 0, added.stderr);
    const script = makeRecorder();
    const notifier = (round: number) => ({
      type: "notifier",
      cmd: script,
      args: [String(round)],
      notifier_options: { fs_events: ["upload"], retry_max_time: 60 },
    });
    configure([notifier(0)]);
    await using server = await startServe([], { cwd: folder });
    writeFileSync(join(folder, "file"), "x");
    const files = Array.from({ length: 200 }, (_, index) => `/${index}`);
    const uploading = sftp({
      port: server.port,
      username: "alice",
      folder,
      credentials: { password: "secret" },
      // Slow enough to last: the client waits for each line's command.
      input: files.map((file) => `!sleep 0.02\nput ${join(folder, "file")} ${file}\n`).join(""),
    });
    const ended = new AbortController();
    void uploading.finally(() => {
      ended.abort();
    });
    let round = 0;
    while (!ended.signal.aborted) {
      configure([notifier(++round)]);
      const before = countOf(server.log(), '"msg":"plugins reloaded"');
      server.child.kill("SIGHUP");
      await until(() => countOf(server.log(), '"msg":"plugins reloaded"') > before, "the reload");
    }
    const { code, stderr } = await uploading;
    assert.equal(code, 0, stderr);
    server.child.kill("SIGTERM");
    assert.equal((await server.result).code, 0);
    assert.ok(round > 1, "there was more than one reload");
    assert.deepEqual(readFileSync(join(folder, "events"), "utf8").trim().split("\n"), files);
  });

  test("as often as somebody likes leads to the last configuration, not through all of them", async () => {
    configure([]);
    await using server = await startServe([], { cwd: folder });
    const script = makeRecorder();
    const rounds = 30;
    for (let round = 1; round <= rounds; round += 1) {
      configure([{ type: "notifier", cmd: script, args: [`${round}`], notifier_options: { fs_events: ["upload"] } }]);
      server.child.kill("SIGHUP");
      await until(() => countOf(server.log(), '"signal":"SIGHUP"') >= round, "the signal");
    }
    await until(() => countOf(server.log(), '"msg":"plugin started"') > 1, "two starts");
    server.child.kill("SIGTERM");
    server.child.kill("SIGHUP");
    const { code, stderr } = await server.result;
    assert.equal(code, 0);
    assert.ok(countOf(stderr, '"msg":"plugins reloaded') < rounds / 2, "signals were taken together");
    assert.doesNotMatch(stderr, /reload refused/);
  });

  test("tells of a plugin that does not start", async () => {
    configure([]);
    await using server = await startServe([], { cwd: folder });
    configure([{ ...awskms(), cmd: join(folder, "missing") }]);
    server.child.kill("SIGHUP");
    await untilLogged(server, '"msg":"plugins reloaded in part"');
    assert.match(server.log(), /plugin missing did not start/);
  });
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/grpc";
import { AUTH_HANDSHAKE, parseLogEvents } from "../src/client/index.ts";
import { makeFsEvent, makeGateRequest, makeLogEvent, makeLogEventsFilter, spawnPlugin } from "../src/testing/index.ts";
import type { PluginType, SpawnOptions } from "../src/testing/index.ts";

const program = ["--conditions=source", join(import.meta.dirname, "fixtures/all-kinds.ts")];
function optionsFor<const Kind extends PluginType>(
  kinds: readonly [Kind, ...Kind[]],
  { args = ["--url=http://x/"], env = {} }: { args?: readonly string[]; env?: Record<string, string> } = {},
): SpawnOptions<Kind> {
  return { command: process.execPath, args: [...program, ...args], env, kinds };
}

const everyKind = ["notifier", "auth", "kms", "ipfilter", "eventsearcher"] as const;

suite("a plugin of several kinds", { timeout: 60_000 }, () => {
  test("serves all it is started for in one process", async () => {
    await using plugin = await spawnPlugin(optionsFor(everyKind));
    const { notifier, auth, kms, ipfilter, eventsearcher } = plugin.clients;
    await notifier.sendFsEvent(makeFsEvent());
    const check = { username: "ann", password: "good", ip: "", protocol: "SSH", user: Buffer.from('{"id":1}') };
    assert.equal((await auth.checkPassword(check)).length, 0);
    const sealed = await kms.encrypt({ payload: "a", additionalData: "", url: "", masterKey: "" });
    assert.equal(sealed.payload, "A");
    await assert.rejects(ipfilter.checkIp("192.0.2.1", "SSH"), /listed/);
    await ipfilter.checkIp("192.0.2.2", "SSH");
    const [row] = parseLogEvents(await eventsearcher.searchLogEvents(makeLogEventsFilter({ limit: 7 })));
    assert.deepEqual([row?.id, row?.timestampNs], ["http://x/", 7n]);
  });

  test("says what it is and serves, and answers at its gate", async () => {
    await using plugin = await spawnPlugin(optionsFor(everyKind));
    assert.deepEqual(plugin.info, {
      name: "all-kinds",
      version: "1.2.3",
      kinds: everyKind,
      services: ["fairlead.Gate"],
    });
    assert.deepEqual(await plugin.gate.check(makeGateRequest()), { allowed: false, message: "http://x/" });
  });

  test("started for one kind, serves no other and makes no other's handlers", async () => {
    await using plugin = await spawnPlugin(optionsFor(["ipfilter"]));
    assert.deepEqual(plugin.info?.kinds, ["ipfilter"]);
    await plugin.stop();
    assert.deepEqual(
      plugin.log.filter(({ message }) => message === "made").map(({ fields }) => fields["kind"]),
      ["ipfilter"],
    );
    await using another = await spawnPlugin(optionsFor(["kms", "auth"]));
    assert.deepEqual(another.info?.kinds, ["auth", "kms"]);
    await another.stop();
    assert.ok(!another.log.some(({ message }) => message === "made"));
  });

  test("leaves no word of its host in its environment", async () => {
    await using plugin = await spawnPlugin(optionsFor(everyKind));
    await assert.rejects(
      plugin.clients.notifier.sendLogEvent(makeLogEvent()),
      (error: unknown) => GrpcError.is(error, "UNKNOWN") && error.message === "",
    );
  });

  test("works without AutoMTLS too, and stops", async () => {
    const plugin = await spawnPlugin({ ...optionsFor(["auth"]), autoMtls: false });
    assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
    assert.match(plugin.stderr, /^stopped$/m);
  });
});

suite("settings of a plugin under a server", { timeout: 60_000 }, () => {
  test("come from flags after the command, and from variables", async () => {
    const args = ["serve", "--retries", "0x10"];
    const env = { ALL_KINDS_URL: "http://env/", ALL_KINDS_TOKEN: "hunter2" };
    await using plugin = await spawnPlugin(optionsFor(["auth"], { args, env }));
    await plugin.stop();
    const line = plugin.log.find(({ message }) => message === "starting");
    assert.deepEqual(
      [line?.fields["url"], line?.fields["retries"], line?.fields["token"], line?.fields["nested"]],
      ["http://env/", 16, "[redacted]", { token: "[redacted]" }],
    );
    assert.doesNotMatch(plugin.stderr, /hunter2/);
  });

  test("that do not fit end it with one sentence in the server's log", async () => {
    const start = spawnPlugin(optionsFor(["auth"], { args: ["--url=x", "--retries=many"] }));
    await assert.rejects(start, (error: unknown) => {
      assert.ok(PluginError.is(error, "ERR_PLUGIN_EXITED_EARLY"));
      assert.match(error.message, /exited with status 1: .*--retries is "many", expected a whole number/);
      assert.doesNotMatch(error.message, /read-settings/);
      return true;
    });
  });

  for (const [what, fails, message] of [
    ["start", "start", /nothing to start with/],
    ["what makes its handlers", "notifier", /no notifier today/],
  ] as const) {
    test(`a plugin whose ${what} throws does not start`, async () => {
      const start = spawnPlugin(optionsFor(["notifier"], { args: ["--url=x", `--fails=${fails}`] }));
      await assert.rejects(start, message);
    });
  }
});

function run(args: readonly string[], env: Record<string, string> = {}): readonly [number | null, string, string] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...program, ...args], { encoding: "utf8", env });
  return [status, stdout, stderr];
}

suite("a plugin that a server starts wrongly", { timeout: 60_000 }, () => {
  const hosted = { PLUGIN_PROTOCOL_VERSIONS: "1", [AUTH_HANDSHAKE.key]: AUTH_HANDSHAKE.value };

  test("keeps its help off the stdout that the handshake needs, and ends with 1", () => {
    for (const asked of ["--help", "--version"]) {
      const [status, stdout, stderr] = run([asked], hosted);
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(stderr, /^\[ERROR\] all-kinds does not start with[^\n]*\nall-kinds 1\.2\.3/);
    }
  });

  test("writes a complaint about its settings to stderr only, as an error of hclog", () => {
    const [status, stdout, stderr] = run(["--nope"], hosted);
    assert.deepEqual([status, stdout], [1, ""]);
    const line = JSON.parse(stderr) as Record<string, unknown>;
    assert.equal(line["@level"], "error");
    assert.equal(line["error"], "there is no flag --nope");
  });

  test("as another kind than it is says which it is, as an error", () => {
    const notifier = join(import.meta.dirname, "fixtures/notifier.ts");
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=source", notifier], {
      encoding: "utf8",
      env: hosted,
    });
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(
      stderr,
      /^\[ERROR\] notifier\.ts is not an auth plugin: the type of its entry in the server's configuration must be "notifier"$/m,
    );
  });
});

suite("a plugin run by hand", { timeout: 60_000 }, () => {
  test("prints its help to stdout", () => {
    for (const asked of [["--help"], ["-h"], ["help"], ["serve", "--help"]]) {
      const [status, stdout, stderr] = run(asked);
      assert.deepEqual([status, stderr], [0, ""]);
      assert.match(stdout, /^all-kinds 1\.2\.3, a plugin[\s\S]*--url <string>\n {6}where to report to; required;/);
    }
  });

  test("without settings has its configuration for a help, and leaves other arguments to its program", () => {
    const notifier = ["--conditions=source", join(import.meta.dirname, "fixtures/notifier.ts")];
    const ask = (...args: readonly string[]) =>
      spawnSync(process.execPath, [...notifier, ...args], { encoding: "utf8", env: {} });
    const help = ask("--help");
    assert.deepEqual([help.status, help.stderr], [0, ""]);
    assert.match(help.stdout, /is a notifier plugin for SFTPGo and Fairlead[\s\S]*"fs_events"/);
    const version = ask("--version");
    assert.deepEqual([version.status, version.stdout], [0, "notifier.ts\n"]);
    const other = ask("--other");
    assert.deepEqual([other.status, other.stdout], [1, ""]);
    assert.match(other.stderr, /is a notifier plugin[\s\S]*This binary is a plugin\./);
  });

  test("prints its version to stdout", () => {
    assert.deepEqual(run(["--version"]), [0, "all-kinds 1.2.3\n", ""]);
  });

  test("complains about arguments it does not take", () => {
    assert.deepEqual(run(["--retries=many"]), [
      1,
      "",
      'all-kinds: --retries is "many", expected a whole number\nall-kinds --help lists the settings\n',
    ]);
    assert.match(run(["migrate"])[2], /^all-kinds: an argument is not expected, only the command "serve"/);
  });

  test("prints an entry for each kind, with the settings it was given and those it lacks", () => {
    const [status, stdout, stderr] = run(["--retries=5", "--token=hunter2"]);
    assert.deepEqual([status, stdout], [1, ""]);
    const entries = JSON.parse(`[${stderr.slice(stderr.indexOf("{"), stderr.lastIndexOf("}") + 1)}]`) as {
      readonly type: string;
      readonly args: readonly string[];
    }[];
    assert.deepEqual(
      entries.map(({ type }) => type),
      everyKind,
    );
    for (const { args } of entries) assert.deepEqual(args, ["serve", "--retries=5", "--url=<string>"]);
    assert.doesNotMatch(stderr, /hunter2/);
    assert.match(stderr, /environment: ALL_KINDS_TOKEN/);
    assert.match(stderr, /This binary is a plugin\./);
  });
});

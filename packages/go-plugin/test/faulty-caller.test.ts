import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { discover, launch, parseReattachInfo, stopPluginsOnSignals } from "@fairlead/go-plugin/host";
import type { LaunchOptions, RunnerProcess } from "@fairlead/go-plugin/host";
import { startPluginServer, startReattachableServer } from "@fairlead/go-plugin/serve";
import type { ServedPlugin } from "@fairlead/go-plugin/serve";
import { STAY } from "./support/bad-plugin.ts";
import { ECHO_HANDSHAKE } from "./support/echo-kind.ts";
import { echoOptions, launchEcho } from "./support/launch-echo.ts";
import type { EchoKinds } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { createShellRunner } from "./support/own-runner.ts";
import { Sandbox } from "./support/sandbox.ts";

async function failureOf(starting: Promise<unknown>): Promise<PluginError> {
  const error = await starting.then(
    () => assert.fail("it started"),
    (failure: unknown) => failure,
  );
  assert.ok(PluginError.is(error), String(error));
  return error;
}

function throwing(): Writable {
  const sink = new Writable();
  sink.write = () => {
    throw new TypeError("no more paper");
  };
  return sink;
}

// An async function is a callback to TypeScript.
const rejecting = (() => Promise.reject(new TypeError("no such order"))) as () => void;

describe("a host's callback that fails", { timeout: 15_000 }, () => {
  it("as a sink of prints loses what it was given, and the plugin goes on [stdio:sinks stdio:drain]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const taken: string[] = [];
    const stderr = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        taken.push(chunk.toString());
        callback();
      },
    });
    const options = { stdio: { stdout: throwing(), stderr }, logger, args: ["--chatters"] };
    await using plugin = await launchEcho(sandbox, options);
    assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
    const said = await logger.waitFor("a sink for what the plugin prints failed, its prints are dropped from now on");
    assert.equal(said.fields["error"], "TypeError: no more paper");
  });

  it("as a copy of stderr is used no more, and the log goes on [log:raw]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const command = sandbox.script("plugin", `console.error("first"); setTimeout(() => console.error("second"), 50)`);
    await failureOf(launch(echoOptions(command, { stdio: { rawStderr: throwing() }, logger })));
    assert.ok(logger.find("first") && logger.find("second"));
    assert.equal(logger.find("the copy of plugin's stderr failed")?.fields["error"], "TypeError: no more paper");
  });

  it("as an exit callback that rejects is logged [exit:callback]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchEcho(sandbox, { logger, onExit: rejecting });
    await plugin.stop();
    const { fields } = await logger.waitFor("the onExit callback failed");
    assert.equal(fields["error"], "TypeError: no such order");
  });
});

describe("an option of the wrong kind", { timeout: 15_000 }, () => {
  const nonsense: readonly (readonly [option: string, value: unknown])[] = [
    ["stdio", "inherit"],
    ["stdio.stdout", { stdout: "inherit" }],
    ["stdio.rawStderr", { rawStderr: 2 }],
    ["signal", "SIGTERM"],
  ];
  for (const [option, value] of nonsense) {
    it(`${option} is refused before anything is started [launch:options]`, async () => {
      await using sandbox = new Sandbox();
      const name = option.split(".")[0]!;
      const options = { ...echoOptions(sandbox.script("plugin", STAY)), [name]: value } as LaunchOptions<EchoKinds>;
      const error = await failureOf(launch(options));
      assert.equal(error.code, "ERR_INVALID_OPTION");
      assert.ok(error.message.startsWith(`launch: option ${option} `), error.message);
    });
  }

  it("tls shows nothing of a private key [launch:options tls:manual]", async () => {
    await using sandbox = new Sandbox();
    const tls = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n" as "auto";
    const error = await failureOf(launch(echoOptions(sandbox.script("plugin", STAY), { tls })));
    assert.equal(error.code, "ERR_INVALID_OPTION");
    assert.ok(!`${error.stack} ${JSON.stringify(error.details)}`.includes("c2VjcmV0"), error.message);
  });
});

describe("an argument of the wrong kind", { timeout: 15_000 }, () => {
  const calls: readonly (readonly [what: string, call: () => unknown])[] = [
    ["one signal, not a list", () => stopPluginsOnSignals("SIGTERM" as never)],
    ["a signal that nobody can handle", () => stopPluginsOnSignals(["SIGTERM", "SIGKILL" as never])],
    ["a signal that does not exist", () => stopPluginsOnSignals(["sigterm" as never])],
    ["a pattern that is no text", () => discover(/plugin-.*/ as never, "/tmp")],
    ["no folder to look in", () => discover("*", undefined as never)],
    ["nothing to attach to", () => parseReattachInfo(undefined as never)],
  ];
  for (const [what, call] of calls) {
    it(`${what} is refused by its name, and nothing is left of it [cleanup:signals discover reattach:format]`, async () => {
      const before = process.listenerCount("SIGTERM");
      await assert.rejects(async () => await call(), { name: "PluginError", code: "ERR_INVALID_OPTION" });
      assert.equal(process.listenerCount("SIGTERM"), before);
    });
  }
});

describe("a runner that gives what cannot be used", { timeout: 15_000 }, () => {
  it("streams of text, not of bytes, is refused [runner:launch]", async () => {
    await using sandbox = new Sandbox();
    for (const stream of [new PassThrough({ encoding: "utf8" }), new PassThrough({ objectMode: true })]) {
      const process: RunnerProcess = {
        id: "text",
        stdout: stream,
        stderr: new PassThrough(),
        exited: new Promise(() => {}),
        kill() {},
      };
      const runner = { start: async () => await Promise.resolve(process) };
      const error = await failureOf(launch(echoOptions(sandbox.script("plugin", STAY), { runner })));
      assert.equal(error.code, "ERR_INVALID_OPTION");
      assert.match(error.message, /launch: option runner gave stdout or stderr as text or objects/);
    }
  });

  it("is ended all the same when it was started [runner:launch]", async () => {
    await using sandbox = new Sandbox();
    const killed = Promise.withResolvers<void>();
    const process = { id: "half", exited: new Promise(() => {}), kill: () => killed.resolve() };
    const runner = { start: async () => await Promise.resolve(process as unknown as RunnerProcess) };
    const error = await failureOf(launch(echoOptions(sandbox.script("plugin", STAY), { runner })));
    assert.equal(error.code, "ERR_INVALID_OPTION");
    await killed.promise;
  });

  for (const nowhere of [{ network: "udp", path: "/x" }, { network: "unix" }, "/tmp/x", Promise.resolve("/tmp/x")]) {
    it(`addresses like ${JSON.stringify(nowhere)} fails the start and says so [runner:addresses]`, async () => {
      await using sandbox = new Sandbox();
      const runner = createShellRunner((process) => ({ ...process, pluginToHost: () => nowhere as never }));
      const command = sandbox.script("plugin", `console.log("1|1|unix|/in/there|grpc|"); ${STAY}`);
      const error = await failureOf(launch(echoOptions(command, { runner })));
      sandbox.watch(Number(error.details["pid"]));
      assert.equal(error.code, "ERR_CONNECT_FAILED");
      assert.match(error.message, /the runner cannot translate the plugin's address \/in\/there: it gave no address/);
    });
  }
});

describe("a plugin whose kind fails", { timeout: 15_000 }, () => {
  const kinds: readonly ServedPlugin[] = [
    {
      name: "broken",
      register() {
        throw new TypeError("no such service");
      },
    },
  ];

  for (const multiplex of [false, true]) {
    it(`to register leaves no socket, multiplexed: ${multiplex} [serve:start-failure]`, async () => {
      await using sandbox = new Sandbox();
      const env = {
        FAIRLEAD_ECHO: "5a81b3",
        TMPDIR: sandbox.temporary,
        ...(multiplex ? { PLUGIN_MULTIPLEX_GRPC: "true" } : {}),
      };
      const serving = startPluginServer({
        handshake: ECHO_HANDSHAKE,
        versions: { 1: kinds },
        env,
        stdout: new PassThrough(),
      });
      await assert.rejects(serving, { name: "TypeError", message: "no such service" });
      assert.deepEqual(readdirSync(sandbox.temporary), []);
    });
  }

  it("is closed when its signal is aborted while it begins to listen [serve:embedded]", async () => {
    await using sandbox = new Sandbox();
    const ending = new AbortController();
    const aborting: ServedPlugin = { name: "aborting", register: () => ending.abort() };
    const server = await startReattachableServer({
      versions: { 1: [aborting] },
      env: { TMPDIR: sandbox.temporary },
      signal: ending.signal,
    });
    await server.closed;
    assert.deepEqual(readdirSync(sandbox.temporary), []);
  });
});

describe("a folder of sockets that was meant for another plugin", { timeout: 15_000 }, () => {
  it("keeps what the other one has in it [serve:listen env:nested]", async () => {
    await using sandbox = new Sandbox();
    const folder = join(sandbox.scripts, "fairlead-plugin-outer");
    mkdirSync(folder);
    const outer = createServer();
    await new Promise<void>((resolve) => outer.listen(join(folder, "plugin1"), resolve));
    const env = { TMPDIR: sandbox.temporary, PLUGIN_UNIX_SOCKET_DIR: folder };
    const inner = await startReattachableServer({ versions: { 1: [] }, env });
    await inner.close();
    assert.deepEqual(readdirSync(folder), ["plugin1"]);
    await new Promise((resolve) => outer.close(resolve));
  });

  it("is no longer there: it says which, and how to go on [serve:listen serve:start-failure]", async () => {
    await using sandbox = new Sandbox();
    const folder = join(sandbox.scripts, "fairlead-plugin-gone");
    const env = { TMPDIR: sandbox.temporary, PLUGIN_UNIX_SOCKET_DIR: folder };
    const error = await failureOf(startReattachableServer({ versions: { 1: [] }, env }));
    assert.equal(error.code, "ERR_LISTEN_FAILED");
    assert.ok(error.message.includes(folder) && error.message.includes("PLUGIN_UNIX_SOCKET_DIR"), error.message);
  });

  it("is a file: the same [serve:listen serve:start-failure]", async () => {
    await using sandbox = new Sandbox();
    const folder = join(sandbox.scripts, "file");
    writeFileSync(folder, "");
    const env = { TMPDIR: sandbox.temporary, PLUGIN_UNIX_SOCKET_DIR: folder };
    const error = await failureOf(startReattachableServer({ versions: { 1: [] }, env }));
    assert.equal(error.code, "ERR_LISTEN_FAILED");
  });
});

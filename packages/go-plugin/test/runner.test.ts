import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import type { Runner, RunnerCommand, RunnerProcess } from "@fairlead/go-plugin/host";
import type { InfoListener, InfoStream } from "../src/broker/info-stream.ts";
import { SocketBroker } from "../src/broker/socket-broker.ts";
import { translateToHost } from "../src/host/runner-process.ts";
import { STAY } from "./support/bad-plugin.ts";
import { ECHO_HANDSHAKE } from "./support/echo-kind.ts";
import { launchEcho, echoOptions } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { createNamespaceRunner, createShellRunner } from "./support/own-runner.ts";
import { registerSpeaker, relayKind, sayMethod } from "./support/relay-kind.ts";
import { Sandbox } from "./support/sandbox.ts";

async function failureOf(starting: Promise<unknown>): Promise<PluginError> {
  const error = await starting.then(
    () => assert.fail("the plugin started"),
    (failure: unknown) => failure,
  );
  assert.ok(PluginError.is(error), String(error));
  return error;
}

const noNamespaces = spawnSync("/usr/bin/unshare", ["--mount", "/bin/true"]).status !== 0 && "needs mount namespaces";

describe("launch with a runner", { timeout: 60_000 }, () => {
  it("connects where the runner says that the plugin listens [runner:launch runner:addresses]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchEcho(sandbox, { runner: createShellRunner(), logger });
    assert.equal(plugin.id, `shell-${plugin.pid}`);
    assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
    const { address } = plugin.reattachInfo;
    assert.ok(address.network === "unix" && address.path.startsWith(sandbox.temporary), "an address of the host's");
    assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
    assert.equal(plugin.state.status, "exited");
  });

  it(
    "reaches a plugin in a file system of its own [runner:launch runner:addresses]",
    { skip: noNamespaces },
    async () => {
      await using sandbox = new Sandbox();
      const plugin = await launchEcho(sandbox, { runner: createNamespaceRunner() });
      assert.equal(plugin.pid, 0);
      assert.match(plugin.id, /^namespace-\d+$/);
      assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
      assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
    },
  );

  const runners: readonly (readonly [what: string, runner: Runner, skip: string | false])[] = [
    ["relative paths", createShellRunner(), false],
    ["another mount", createNamespaceRunner(), noNamespaces],
  ];
  for (const [what, runner, skip] of runners) {
    it(
      `brokers connections both ways across ${what} [runner:addresses broker:accept broker:dial]`,
      { skip },
      async () => {
        await using sandbox = new Sandbox();
        await using plugin = await launch({
          command: process.execPath,
          args: ["--conditions=source", join(import.meta.dirname, "fixtures/relay-plugin.ts")],
          env: { TMPDIR: sandbox.temporary },
          handshake: ECHO_HANDSHAKE,
          versions: { 1: { relay: relayKind } },
          runner,
        });
        sandbox.watch(plugin.pid);
        const relay = plugin.dispense("relay");
        await using connection = await relay.broker.dial(await relay.open());
        assert.match(await connection.unary(sayMethod, "hi"), /: hi$/);
        const id = relay.broker.nextId();
        await using _server = await relay.broker.accept(id, (registrar) => registerSpeaker(registrar, "host"));
        assert.equal(await relay.callBack(id, "hi"), "host: hi");
      },
    );
  }

  it("gives it the command as it is, and the environment of the protocol [runner:launch]", async () => {
    await using sandbox = new Sandbox();
    const given: RunnerCommand[] = [];
    const runner: Runner = {
      start: (command) => {
        given.push(command);
        return Promise.reject(new TypeError("no such image"));
      },
    };
    const error = await failureOf(
      launch({ ...echoOptions("registry/echo:1"), args: ["-v"], env: { MINE: "yes" }, runner }),
    );
    assert.equal(error.code, "ERR_PLUGIN_SPAWN_FAILED");
    assert.match(error.message, /^plugin echo:1 did not start: cannot run registry\/echo:1: no such image\n/);
    assert.ok(error.cause instanceof TypeError);
    const [{ command, args, env, socketFolder } = assert.fail()] = given;
    assert.deepEqual([command, args], ["registry/echo:1", ["-v"]]);
    assert.deepEqual(env, {
      MINE: "yes",
      FAIRLEAD_ECHO: "5a81b3",
      PLUGIN_MIN_PORT: "10000",
      PLUGIN_MAX_PORT: "25000",
      PLUGIN_PROTOCOL_VERSIONS: "1",
      PLUGIN_UNIX_SOCKET_DIR: socketFolder,
    });
    assert.ok(socketFolder?.startsWith(sandbox.temporary) === true && !existsSync(socketFolder), "the folder is gone");
  });

  it("asks the runner why a plugin does not start [runner:launch]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script("plugin", "process.exit(3)");
    const error = await failureOf(launch(echoOptions(command, { runner: createShellRunner() })));
    sandbox.watch(Number(error.details["pid"]));
    assert.equal(error.code, "ERR_PLUGIN_EXITED_EARLY");
    assert.match(error.message, /it exited with status 3/);
    assert.ok(error.message.includes(`Note: The shell was asked to run ${command}.`), error.message);
  });

  it("says what the plugin's address was when the runner cannot translate it [runner:addresses]", async () => {
    await using sandbox = new Sandbox();
    const runner = createShellRunner((process) => ({
      ...process,
      pluginToHost() {
        throw new TypeError("not mounted");
      },
    }));
    const command = sandbox.script("plugin", `console.log("1|1|unix|/in/there|grpc|"); ${STAY}`);
    const error = await failureOf(launch(echoOptions(command, { runner })));
    sandbox.watch(Number(error.details["pid"]));
    assert.equal(error.code, "ERR_CONNECT_FAILED");
    assert.match(error.message, /the runner cannot translate the plugin's address \/in\/there: not mounted/);
  });

  it("connects nowhere that the runner refuses, for brokered connections either [runner:addresses broker:address]", async () => {
    await using sandbox = new Sandbox();
    let connections = 0;
    const other = createServer(() => connections++);
    await new Promise<void>((resolve) => other.listen(join(sandbox.scripts, "other"), resolve));
    const infos = new Listening();
    const broker = new SocketBroker({
      infos,
      peer: "plugin",
      place: { temporaryFolder: sandbox.temporary },
      tls: undefined,
      logger: new LogCollector(),
      translate: {
        toPeer: (address) => address,
        fromPeer: (address) =>
          translateToHost(
            {
              pluginToHost: (said) =>
                said.network === "unix" && said.path.startsWith(sandbox.temporary) ? said : refuseOutside(),
            },
            address,
          ),
      },
    });
    infos.listener?.onInfo({ serviceId: 7, network: "unix", address: join(sandbox.scripts, "other") });
    await assert.rejects(broker.dial(7), { code: "ERR_CONNECT_FAILED", message: /cannot translate .*: outside/ });
    assert.equal(connections, 0);
    broker.end(new PluginError("ERR_PLUGIN_GONE", "over"));
    await new Promise((resolve) => other.close(resolve));
  });

  it("goes on to the kill when the runner has no other way [runner:launch]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const runner = createShellRunner((process) => {
      const stubborn = { ...process };
      delete stubborn.terminate;
      return stubborn;
    });
    const plugin = await launchEcho(sandbox, { runner, logger, stopGraceMs: 300, args: ["--hang-stop"] });
    assert.deepEqual(await plugin.stop(), { code: null, signal: "SIGKILL" });
    assert.equal(logger.find("plugin ignored SIGTERM, killing it"), undefined);
  });

  it("cannot verify a checksum or give a stdin: refused at once [runner:launch launch:options]", async () => {
    await using sandbox = new Sandbox();
    const runner: Runner = { start: () => assert.fail("nothing is started") };
    const checksum = { algorithm: "sha256", hex: "0".repeat(64) } as const;
    for (const options of [{ checksum }, { stdin: "inherit" as const }]) {
      await assert.rejects(launchEcho(sandbox, { runner, ...options }), { code: "ERR_INVALID_OPTION" });
    }
    // @ts-expect-error no runner at all
    await assert.rejects(launchEcho(sandbox, { runner: {} }), { code: "ERR_INVALID_OPTION" });
  });
});

function refuseOutside(): never {
  throw new TypeError("outside");
}

/** A stream of news that only comes in. */
class Listening implements InfoStream {
  listener: InfoListener | undefined;

  start(listener: InfoListener): void {
    this.listener = listener;
  }

  send(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}

function nothing(): RunnerProcess {
  return {
    id: "nowhere",
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    exited: new Promise(() => {}),
    kill() {},
  };
}

describe("a runner that misbehaves", { timeout: 60_000 }, () => {
  it("by never starting is given up with the start timeout; what comes later is killed [runner:launch hang:runner]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const { promise: arrival, resolve } = Promise.withResolvers<RunnerProcess>();
    const { promise: aborted, resolve: onAborted } = Promise.withResolvers<unknown>();
    const runner: Runner = {
      start: (_command, { signal }) => {
        signal.addEventListener("abort", () => onAborted(signal.reason), { once: true });
        return arrival;
      },
    };
    const options = echoOptions(sandbox.script("plugin", STAY), { runner, logger, startTimeoutMs: 200 });
    const error = await failureOf(launch(options));
    assert.equal(error.code, "ERR_PLUGIN_START_TIMEOUT");
    assert.match(error.message, /still waiting for the process to start after 200 ms/);
    assert.ok(PluginError.is(await aborted, "ERR_PLUGIN_START_TIMEOUT"));
    const killed = Promise.withResolvers<void>();
    resolve({ ...nothing(), kill: () => killed.resolve() });
    await killed.promise;
    assert.ok(logger.find("the runner started the plugin too late, ending it"));
  });

  it("by giving back nonsense is refused by name [runner:launch]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script("plugin", STAY);
    for (const [change, problem] of [
      [{ id: "" }, "gave the plugin no id"],
      [{ stdout: "text" }, "gave no streams stdout and stderr"],
      [{ exited: undefined }, "gave no exited or no kill"],
      [{ pid: -1 }, "gave -1 as process id"],
    ] as const) {
      const runner: Runner = { start: () => Promise.resolve({ ...nothing(), ...change } as unknown as RunnerProcess) };
      const error = await failureOf(launch(echoOptions(command, { runner })));
      assert.equal(error.code, "ERR_INVALID_OPTION");
      assert.ok(error.message.includes(`launch: option runner ${problem}`), error.message);
    }
  });

  it("by failing to kill, to tell the end, to explain: the start still ends with its own error [runner:launch hang:runner]", async (context) => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const stdout = new PassThrough();
    const runner: Runner = {
      start: () =>
        Promise.resolve({
          ...nothing(),
          stdout,
          kill: () => Promise.reject(new TypeError("cannot kill")),
        }),
      diagnose: () => new Promise(() => {}),
    };
    const failing = failureOf(launch(echoOptions(sandbox.script("plugin", STAY), { runner, logger })));
    stdout.write("hello\n");
    // A moment for an exit status, seconds for the kill, one for the diagnosis.
    const ticking = setInterval(() => context.mock.timers.tick(500), 1);
    const error = await failing;
    clearInterval(ticking);
    assert.equal(error.code, "ERR_HANDSHAKE_MALFORMED");
    assert.equal(logger.find("the runner's kill failed")?.fields["error"], "TypeError: cannot kill");
  });

  it("by never ending the plugin: it is given up after five seconds, and nothing of it holds the host [hang:runner stop:ladder]", async (context) => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const runner = createShellRunner((process) => {
      sandbox.watch(process.pid);
      return { ...process, kill() {}, terminate() {}, exited: new Promise(() => {}) };
    });
    const plugin = await launchEcho(sandbox, { runner, logger, stopGraceMs: 200 });
    process.kill(plugin.pid, "SIGSTOP");
    const call = plugin.dispense("echo").echo("hello");
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const ticking = setInterval(() => context.mock.timers.tick(200), 1);
    assert.deepEqual(await plugin.stop(), { code: null, signal: null });
    await assert.rejects(call, { code: "UNAVAILABLE" });
    assert.deepEqual(await plugin.exited, { code: null, signal: null });
    clearInterval(ticking);
    assert.equal(plugin.state.status, "exited");
    assert.equal(logger.events.filter(({ message }) => message === "plugin cannot be ended, giving it up").length, 1);
    process.kill(plugin.pid, "SIGKILL");
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { launch, reattach, stopAllPlugins } from "@fairlead/go-plugin/host";
import type { ExitStatus } from "@fairlead/go-plugin/host";
import { provide, startReattachableServer } from "@fairlead/go-plugin/serve";
import { STAY } from "./support/bad-plugin.ts";
import { echoKind } from "./support/echo-kind.ts";
import { echoKinds, echoOptions, launchEcho } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { isAlive, Sandbox } from "./support/sandbox.ts";

const wellEnded: ExitStatus = { code: 0, signal: null };

describe("stopAllPlugins", { timeout: 60_000 }, () => {
  it("stops all at the same time, and those that are to be left are left [cleanup:all]", async () => {
    await using sandbox = new Sandbox();
    const [first, second, unmanaged] = await Promise.all([
      launchEcho(sandbox),
      launchEcho(sandbox),
      launchEcho(sandbox, { managed: false }),
    ]);
    const stopping = stopAllPlugins();
    await nextTurn();
    assert.deepEqual(
      [first, second, unmanaged].map(({ state }) => state.status),
      ["stopping", "stopping", "running"],
    );
    await stopping;
    assert.deepEqual(
      [first.state, second.state],
      [
        { status: "exited", exit: wellEnded },
        { status: "exited", exit: wellEnded },
      ],
    );
    assert.equal(await unmanaged.dispense("echo").echo("still there"), "still there");
    await unmanaged.stop();
  });

  it("gives up starts that are under way [cleanup:all launch:abort]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const command = sandbox.script("slow", `console.error("started"); ${STAY}`);
    const starting = launch(echoOptions(command, { logger })).then(
      () => assert.fail("it started"),
      (error: unknown) => error,
    );
    await logger.waitFor("started");
    await stopAllPlugins();
    const error = await starting;
    assert.ok(PluginError.is(error, "ERR_START_ABORTED"));
    sandbox.watch(Number(error.details["pid"]));
    assert.ok(PluginError.is(error.cause, "ERR_START_ABORTED"));
    assert.equal(error.cause.message, "all plugins of this process are being stopped");
  });

  it("does nothing without plugins, and plugins can be launched after it [cleanup:all]", async () => {
    await using sandbox = new Sandbox();
    await stopAllPlugins();
    const plugin = await launchEcho(sandbox);
    await Promise.all([stopAllPlugins(), stopAllPlugins()]);
    assert.equal(plugin.state.status, "exited");
    await stopAllPlugins();
  });

  it("lets go of attached plugins in test mode [cleanup:all reattach:host]", async () => {
    await using sandbox = new Sandbox();
    const versions = { 1: [provide(echoKind, { echo: (text: string) => text })] };
    await using server = await startReattachableServer({ versions, env: { TMPDIR: sandbox.temporary } });
    const plugin = await reattach(server.reattachInfo, { versions: { 1: echoKinds } });
    await stopAllPlugins();
    assert.equal(plugin.state.status, "exited");
    await using again = await reattach(server.reattachInfo, { versions: { 1: echoKinds } });
    await again.ping();
  });
});

async function startHost(sandbox: Sandbox, plugin: readonly string[]) {
  const fixture = join(import.meta.dirname, "fixtures/host.ts");
  const host = spawn(process.execPath, ["--conditions=source", fixture, "ends-on-signals", ...plugin], {
    env: { TMPDIR: sandbox.temporary },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(host.stdout), "line")) as [string];
  sandbox.watch(Number(line));
  return { host, exited: once(host, "exit") as Promise<[number | null, NodeJS.Signals | null]>, pid: Number(line) };
}

describe("stopPluginsOnSignals", { timeout: 60_000 }, () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    it(`ends plugins before ${signal} ends the host [cleanup:signals]`, async () => {
      await using sandbox = new Sandbox();
      // Only a Shutdown ends it with a trace: it looks after its host once a second, and by then would be late.
      const { host, exited, pid } = await startHost(sandbox, ["stubborn-plugin.ts", "marks-shutdown"]);
      host.kill(signal);
      assert.deepEqual(await exited, [null, signal]);
      assert.equal(isAlive(pid), false);
      assert.ok(existsSync(join(sandbox.temporary, "shutdown")), "it was asked to end");
      rmSync(join(sandbox.temporary, "shutdown"));
    });
  }

  it("starts none again while a signal ends the host [cleanup:signals]", async () => {
    await using sandbox = new Sandbox();
    const fixture = join(import.meta.dirname, "fixtures/restarting-host.ts");
    const host = spawn(process.execPath, ["--conditions=source", fixture], {
      env: { TMPDIR: sandbox.temporary },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    for await (const line of createInterface(host.stdout)) {
      lines.push(line);
      if (lines.length === 1) host.kill("SIGTERM");
      sandbox.watch(Number(line) || undefined);
    }
    if (host.exitCode === null && host.signalCode === null) await once(host, "exit");
    assert.equal(host.signalCode, "SIGTERM");
    assert.equal(lines[1], "ERR_START_ABORTED");
  });

  it("kills them at the second signal [cleanup:signals stop:host-exit]", async () => {
    await using sandbox = new Sandbox();
    const { host, exited, pid } = await startHost(sandbox, ["stubborn-plugin.ts", "marks-shutdown-and-stays"]);
    host.kill("SIGTERM");
    while (!existsSync(join(sandbox.temporary, "shutdown"))) await delay(10);
    host.kill("SIGTERM");
    assert.deepEqual(await exited, [128 + 15, null]);
    while (isAlive(pid)) await delay(10);
    rmSync(join(sandbox.temporary, "shutdown"));
  });
});

function failOnPurpose(): never {
  throw new TypeError("callback failed on purpose");
}

describe("the end of a plugin is told", { timeout: 60_000 }, () => {
  it("by its state and its callback, once, before exited settles [exit:callback exit:status]", async () => {
    await using sandbox = new Sandbox();
    const told: unknown[] = [];
    const plugin = await launchEcho(sandbox, { onExit: (exit) => told.push(exit) });
    void plugin.exited.then(() => told.push("exited settled"));
    assert.deepEqual(plugin.state, { status: "running" });
    const stopping = plugin.stop();
    assert.deepEqual(plugin.state, { status: "stopping" });
    await stopping;
    await plugin.exited;
    await plugin.kill();
    await nextTurn();
    assert.deepEqual(plugin.state, { status: "exited", exit: wellEnded });
    assert.deepEqual(told, [wellEnded, "exited settled"]);
  });

  it("by its callback when nobody asked for it [exit:callback]", async () => {
    await using sandbox = new Sandbox();
    const { promise: told, resolve } = Promise.withResolvers<ExitStatus>();
    const plugin = await launchEcho(sandbox, { onExit: resolve });
    await assert.rejects(plugin.dispense("echo").echo("exit"));
    assert.deepEqual(await told, { code: 7, signal: null });
    // A callback may launch the next one: all of the former is gone.
    await assert.rejects(plugin.ping(), { code: "ERR_PLUGIN_GONE" });
  });

  it("whatever the callback does [exit:callback]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchEcho(sandbox, { logger, onExit: failOnPurpose });
    assert.deepEqual(await plugin.stop(), wellEnded);
    assert.deepEqual(await plugin.exited, wellEnded);
    assert.match(String(logger.find("the onExit callback failed")?.fields["error"]), /callback failed on purpose/);
  });

  it("to nobody when the plugin never started [exit:callback]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script("plugin", "process.exit(3)");
    const options = echoOptions(command, { onExit: () => assert.fail("it was called") });
    await assert.rejects(launch(options), { code: "ERR_PLUGIN_EXITED_EARLY" });
    await nextTurn();
  });
});

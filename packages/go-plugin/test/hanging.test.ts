import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import type { LaunchOptions, PluginProcess } from "@fairlead/go-plugin/host";
import { GrpcError } from "@fairlead/grpc";
import { echoOptions, launchEcho } from "./support/launch-echo.ts";
import type { EchoKinds } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { isAlive, Sandbox } from "./support/sandbox.ts";

const fixture = join(import.meta.dirname, "fixtures/stubborn-plugin.ts");

async function launchStubborn(
  sandbox: Sandbox,
  manners: string,
  options: Partial<LaunchOptions<EchoKinds>> = {},
): Promise<PluginProcess<EchoKinds>> {
  const plugin = await launch({
    ...echoOptions(process.execPath, options),
    args: ["--conditions=source", fixture, manners],
  });
  sandbox.watch(plugin.pid);
  return plugin;
}

function warnings(logger: LogCollector): readonly string[] {
  return logger.events.filter(({ level }) => level === "warn").map(({ message }) => message);
}

describe("a plugin that hangs", { timeout: 60_000 }, () => {
  it("because it reads nothing any more: calls end with their deadline, the plugin with SIGTERM [hang:blocked]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchStubborn(sandbox, "blocks-on-call", { logger });
    const echo = plugin.dispense("echo");
    // More than sockets and windows hold.
    const calls = Array.from({ length: 64 }, () => echo.echo("x".repeat(512 * 1024), { deadlineMs: 500 }));
    for (const call of await Promise.allSettled(calls)) {
      assert.ok(call.status === "rejected" && GrpcError.is(call.reason, "DEADLINE_EXCEEDED"));
    }
    await assert.rejects(plugin.ping({ timeoutMs: 100 }), {
      code: "ERR_PLUGIN_UNHEALTHY",
      message: /the plugin's health check failed: DEADLINE_EXCEEDED/,
    });
    assert.equal(plugin.state.status, "running");
    assert.deepEqual(await plugin.stop(), { code: null, signal: "SIGTERM" });
    assert.deepEqual(warnings(logger), ["plugin failed to exit gracefully"]);
    await assert.rejects(echo.echo("late"), (error) => {
      assert.ok(GrpcError.is(error, "UNAVAILABLE") && PluginError.is(error.cause, "ERR_PLUGIN_GONE"));
      return true;
    });
  });

  it("because somebody stopped its process: it is killed [hang:shutdown stop:ladder]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchEcho(sandbox, { logger, stopGraceMs: 300 });
    process.kill(plugin.pid, "SIGSTOP");
    await assert.rejects(plugin.ping({ timeoutMs: 100 }), { code: "ERR_PLUGIN_UNHEALTHY" });
    // SIGTERM waits until a stopped process goes on.
    assert.deepEqual(await plugin.stop(), { code: null, signal: "SIGKILL" });
    assert.deepEqual(warnings(logger), ["plugin failed to exit gracefully", "plugin ignored SIGTERM, killing it"]);
  });

  it("right after its handshake line: the start timeout says what it waited for [hang:half-open handshake:timeout]", async () => {
    await using sandbox = new Sandbox();
    // The system accepts the connection for it.
    const options = { startTimeoutMs: 2_000 };
    await assert.rejects(launchStubborn(sandbox, "blocks-after-line", options), (error) => {
      assert.ok(PluginError.is(error, "ERR_PLUGIN_START_TIMEOUT"));
      sandbox.watch(Number(error.details["pid"]));
      assert.match(error.message, /still waiting for an answer to the health check after 2000 ms/);
      assert.equal(error.details["stage"], "an answer to the health check");
      return true;
    });
  });
});

describe("a plugin's pipes", { timeout: 60_000 }, () => {
  it("may be closed once it has started: it goes on, and ends as others do [hang:stdout]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchStubborn(sandbox, "closes-outputs", { logger });
    await plugin.ping();
    assert.equal(plugin.state.status, "running");
    assert.deepEqual(await plugin.stop(), { code: null, signal: "SIGTERM" });
  });

  it("may be held by a daemon it left: nobody waits for that [stop:pipes]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchStubborn(sandbox, "leaves-daemon", { logger });
    const { message } = await logger.waitFor(/^daemon \d+$/);
    const daemon = Number(message.split(" ")[1]);
    assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
    assert.ok(isAlive(daemon), "a daemon lives on: it left the plugin's group on purpose");
    process.kill(daemon, "SIGKILL");
  });
});

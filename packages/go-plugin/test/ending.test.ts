import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { launch } from "@fairlead/go-plugin/host";
import type { ExitStatus, PluginProcess } from "@fairlead/go-plugin/host";
import { echoOptions } from "./support/launch-echo.ts";
import type { EchoKinds } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { Sandbox } from "./support/sandbox.ts";

const fixtures = join(import.meta.dirname, "fixtures");

async function launchStubborn(
  sandbox: Sandbox,
  manners: string,
  logger: LogCollector,
): Promise<PluginProcess<EchoKinds>> {
  const plugin = await launch({
    ...echoOptions(process.execPath, { logger, stopGraceMs: 300 }),
    args: ["--conditions=source", join(fixtures, "stubborn-plugin.ts"), manners],
  });
  sandbox.watch(plugin.pid);
  return plugin;
}

describe("stop of a plugin that", { timeout: 60_000 }, () => {
  const manners: readonly (readonly [manners: string, exit: ExitStatus, logs: readonly string[]])[] = [
    [
      "ignores-everything",
      { code: null, signal: "SIGKILL" },
      ["plugin failed to exit gracefully", "plugin ignored SIGTERM, killing it"],
    ],
    [
      "never-answers",
      { code: null, signal: "SIGKILL" },
      ["plugin failed to exit gracefully", "plugin ignored SIGTERM, killing it"],
    ],
    ["ignores-shutdown", { code: null, signal: "SIGTERM" }, ["plugin failed to exit gracefully"]],
    ["cuts-connection", { code: null, signal: "SIGTERM" }, ["plugin failed to exit gracefully"]],
    ["has-no-controller", { code: null, signal: "SIGTERM" }, ["plugin failed to exit gracefully"]],
    ["listens-on-tcp", { code: null, signal: "SIGTERM" }, ["plugin failed to exit gracefully"]],
    ["leaves-grandchild", { code: 0, signal: null }, []],
    ["prints-garbage-after", { code: null, signal: "SIGTERM" }, ["plugin failed to exit gracefully"]],
  ];
  for (const [name, exit, logs] of manners) {
    it(`${name} ends it with ${exit.signal ?? `status ${exit.code}`} [stop:ladder stop:pipes hang:shutdown]`, async () => {
      await using sandbox = new Sandbox();
      const logger = new LogCollector();
      const plugin = await launchStubborn(sandbox, name, logger);
      await plugin.ping();
      assert.deepEqual(await plugin.stop(), exit);
      const warnings = logger.events.filter(({ level }) => level === "warn").map(({ message }) => message);
      assert.deepEqual(warnings, logs);
    });
  }
});

describe("a plugin that loses its connection", { timeout: 60_000 }, () => {
  it("is ended: nobody can call it any more [stop:connection exit:status]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchStubborn(sandbox, "loses-connection", logger);
    assert.deepEqual(await plugin.exited, { code: null, signal: "SIGTERM" });
    assert.equal(logger.find("plugin lost its connection, ending it")?.level, "error");
  });
});

describe("plugins of a host that", { timeout: 60_000 }, () => {
  // A host that is killed can do nothing any more: a plugin made with serve() looks after itself.
  for (const [end, what, plugin] of [
    ["exits", "exits without stopping them", ["stubborn-plugin.ts", "ignores-everything"]],
    ["throws", "dies of an exception", ["stubborn-plugin.ts", "ignores-everything"]],
    ["killed", "is killed", ["echo-plugin.ts"]],
  ] as const) {
    it(`${what} end too [stop:host-exit serve:orphan]`, async () => {
      await using sandbox = new Sandbox();
      const host = spawn(process.execPath, ["--conditions=source", join(fixtures, "host.ts"), end, ...plugin], {
        env: { TMPDIR: sandbox.temporary },
        stdio: ["ignore", "pipe", "ignore"],
      });
      const [line] = (await once(createInterface(host.stdout), "line")) as [string];
      sandbox.watch(Number(line));
      const exited = once(host, "exit");
      if (end === "killed") host.kill("SIGKILL");
      await exited;
      // The sandbox waits for the plugin's end and looks for what it left.
      await waitForEnd(Number(line));
    });
  }
});

// A plugin looks after its host once a second, and then takes its time to close.
async function waitForEnd(pid: number): Promise<void> {
  const { isAlive } = await import("./support/sandbox.ts");
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

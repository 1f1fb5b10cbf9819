import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive, Sandbox } from "./support/sandbox.ts";

const fixtures = join(import.meta.dirname, "fixtures");

/** A host of its own process, once it has launched its plugin. */
async function startHost(sandbox: Sandbox, ...plugin: readonly string[]): Promise<{ host: ChildProcess; pid: number }> {
  const host = spawn(process.execPath, ["--conditions=source", join(fixtures, "host.ts"), "killed", ...plugin], {
    env: { TMPDIR: sandbox.temporary },
    stdio: ["ignore", "pipe", "ignore"],
  });
  sandbox.watch(host.pid);
  const [line] = (await once(createInterface(host.stdout), "line")) as [string];
  sandbox.watch(Number(line));
  return { host, pid: Number(line) };
}

async function kill(host: ChildProcess): Promise<void> {
  const exited = once(host, "exit");
  host.kill("SIGKILL");
  await exited;
}

/** Its children, by /proc. */
function childrenOf(parent: number): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ")[1] === String(parent)
      );
    } catch {
      // Ended while we looked.
      return false;
    }
  });
}

describe(
  "a plugin whose host is killed",
  { timeout: 60_000, skip: process.platform !== "linux" && "needs /proc" },
  () => {
    it("ends, removes its socket and runs its stop [serve:orphan]", async () => {
      await using sandbox = new Sandbox();
      const mark = join(sandbox.folder, "stopped");
      const { host, pid } = await startHost(sandbox, "echo-plugin.ts", `--mark-stop=${mark}`);
      await kill(host);
      while (isAlive(pid)) await delay(20);
      assert.equal(readFileSync(mark, "utf8"), "stopped");
    });

    it("ends also when a wrapper that started it lives on [serve:orphan]", async () => {
      await using sandbox = new Sandbox();
      const { host, pid: wrapper } = await startHost(sandbox, "wrapper.ts", "echo-plugin.ts");
      const [plugin = 0] = childrenOf(wrapper);
      assert.ok(plugin > 0);
      await kill(host);
      while (childrenOf(wrapper).length > 0) await delay(20);
      assert.ok(isAlive(wrapper));
      process.kill(wrapper, "SIGKILL");
    });

    it("lives on when it was told to, pipes broken and all [serve:orphan]", async () => {
      await using sandbox = new Sandbox();
      const { host, pid } = await startHost(sandbox, "echo-plugin.ts", "--outlives-host", "--chatters");
      await kill(host);
      // Longer than a plugin that ends takes to notice; it writes into its broken pipes all the time.
      await delay(3_000);
      assert.ok(isAlive(pid));
      process.kill(pid, "SIGTERM");
      while (isAlive(pid)) await delay(20);
    });
  },
);

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const fixtures = join(import.meta.dirname, "fixtures");

test("a login under way ends when its server is killed, and the plugin after it", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-host-gone-"));
  const mark = join(folder, "mark");
  const node = [process.execPath, "--conditions=source"] as const;
  const plugin = [...node, join(fixtures, "waits-for-answer.ts"), mark];
  const server = spawn(node[0], [node[1], join(fixtures, "asks-and-waits.ts"), ...plugin], {
    env: { PATH: process.env["PATH"], TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let pid = 0;
  try {
    const [line] = (await once(createInterface(server.stdout), "line")) as [string];
    pid = Number(line);
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
    while (isAlive(pid)) await sleep(20);
    assert.equal(readFileSync(mark, "utf8"), "UNAVAILABLE");
  } finally {
    server.kill("SIGKILL");
    if (pid > 0 && isAlive(pid)) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true });
  }
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

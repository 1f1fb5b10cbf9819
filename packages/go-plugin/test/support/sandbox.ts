import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A folder for one test's scripts, which is also its TMPDIR: whatever host or plugin leave behind is found there. When it
 * is disposed of, none of the processes and no socket may be left.
 */
export class Sandbox implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "fl-"));
  readonly scripts = join(this.folder, "scripts");
  readonly temporary = join(this.folder, "tmp");
  readonly #pids = new Set<number>();
  readonly #outerTmpdir = process.env["TMPDIR"];

  constructor() {
    mkdirSync(this.scripts);
    mkdirSync(this.temporary);
    process.env["TMPDIR"] = this.temporary;
  }

  /** An executable written for the occasion. */
  file(name: string, content: string | Uint8Array, mode = 0o755): string {
    const path = join(this.scripts, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  /** An executable JavaScript program; `pid` and so on are written by itself if a test needs them. */
  script(name: string, body: string): string {
    return this.file(name, `#!${process.execPath}\n${body}\n`);
  }

  /** Its end is checked, and that of everything it started. */
  watch(pid: number | undefined): void {
    if (pid !== undefined && pid > 0) this.#pids.add(pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#outerTmpdir === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = this.#outerTmpdir;
    const leftFiles = readdirSync(this.temporary);
    const alive = await this.#findAlive();
    rmSync(this.folder, { recursive: true, force: true });
    assert.deepEqual(alive, [], "processes left");
    assert.deepEqual(leftFiles, [], "temporary files left");
  }

  // A killed process may need a moment to be gone.
  async #findAlive(): Promise<number[]> {
    let alive = findGroups(this.#pids);
    for (let attempt = 0; attempt < 100 && alive.length > 0; attempt++) {
      await delay(20);
      alive = findGroups(this.#pids);
    }
    for (const pid of alive) process.kill(pid, "SIGKILL");
    return alive;
  }
}

export function isAlive(pid: number): boolean {
  return findGroups(new Set([pid])).length > 0;
}

// What runs in one of these process groups. Zombies do not: who adopted them may take its time to reap them.
function findGroups(leaders: ReadonlySet<number>): number[] {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return processes.map(Number).filter((pid) => {
    try {
      // proc(5): pid (name) state parent group …
      const [state, , group] = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      return state !== "Z" && (leaders.has(Number(group)) || leaders.has(pid));
    } catch {
      // Ended while we looked.
      return false;
    }
  });
}

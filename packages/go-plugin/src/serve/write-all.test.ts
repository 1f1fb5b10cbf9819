import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { writeAllSync } from "./write-all.ts";

/** Both ends of a pipe whose writing end does not block: a child's stdin, and this process's end of it. */
async function withPipe(use: (fd: number) => void): Promise<void> {
  const child = spawn("/bin/sleep", ["60"], { stdio: ["pipe", "ignore", "ignore"] });
  const exited = once(child, "exit");
  const { fd } = (child.stdin as unknown as { readonly _handle: { readonly fd: number } })._handle;
  child.stdin.on("error", () => {});
  try {
    use(fd);
  } finally {
    child.kill();
    await exited;
  }
}

describe("writeAllSync", { skip: process.platform === "win32" && "needs descriptors of pipes" }, () => {
  it("waits a bounded time for a reader, and not again before it reads [serve:log]", async () => {
    await withPipe((fd) => {
      let pauses = 0;
      const pause = (): void => void pauses++;
      const large = Buffer.alloc(4 * 1024 * 1024, "x");
      writeAllSync(fd, large, pause);
      assert.equal(pauses, 200);
      for (let line = 0; line < 10; line++) writeAllSync(fd, large, pause);
      assert.equal(pauses, 200);
    });
  });
});

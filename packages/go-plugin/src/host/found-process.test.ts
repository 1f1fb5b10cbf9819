import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { FoundProcess } from "./found-process.ts";

describe("FoundProcess", { timeout: 30_000 }, () => {
  it("lives until it ends, and is then sent nothing [reattach:host]", async () => {
    const child = spawn("/bin/sleep", ["60"], { stdio: "ignore" });
    const exited = once(child, "exit");
    const found = new FoundProcess(child.pid!);
    assert.equal(found.isAlive(), true);
    found.signal("SIGTERM");
    assert.deepEqual(await exited, [null, "SIGTERM"]);
    assert.equal(found.isAlive(), false);
    found.signal("SIGKILL");
  });

  it(
    "is not alive when it only waits for its parent [reattach:host]",
    { skip: process.platform !== "linux" && "reads /proc" },
    async () => {
      // The shell becomes a sleep, which never asks after its child.
      const parent = spawn("/bin/sh", ["-c", "/bin/sleep 0.2 & echo $!; exec sleep 60"], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      const exited = once(parent, "exit");
      const [line] = (await once(createInterface(parent.stdout), "line")) as [string];
      const zombie = new FoundProcess(Number(line));
      while (zombie.isAlive()) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.doesNotThrow(() => process.kill(Number(line), 0), "its id is still taken");
      parent.kill("SIGKILL");
      await exited;
    },
  );

  it("is never another process that got its id: that one is sent nothing [reattach:host]", () => {
    let beginning = "100";
    const found = new FoundProcess(process.pid, () => ({ state: "S", beginning }));
    assert.equal(found.isAlive(), true);
    beginning = "200";
    assert.equal(found.isAlive(), false);
    // It would end this very process.
    found.signal("SIGKILL");
  });

  it("is trusted by its id where the system says no more [reattach:host]", () => {
    assert.equal(new FoundProcess(process.pid, () => undefined).isAlive(), true);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OperationGate } from "./operation-gate.ts";
import type { Lane } from "./operation-gate.ts";

/** Enters operations at once and notes which have started. */
class Operations {
  readonly gate = new OperationGate();
  readonly started: string[] = [];

  enter(name: string, lane: Lane): void {
    const turn = this.gate.enter(lane);
    if (turn === undefined) this.started.push(name);
    else void turn.then(() => this.started.push(name));
  }

  async leave(): Promise<void> {
    this.gate.leave();
    await Promise.resolve();
    await Promise.resolve();
  }
}

describe("operation gate", () => {
  it("runs operations of one lane together", () => {
    const operations = new Operations();
    operations.enter("r1", "read");
    operations.enter("r2", "read");
    assert.deepEqual(operations.started, ["r1", "r2"]);
  });

  it("keeps the lanes apart, in order", async () => {
    const operations = new Operations();
    operations.enter("r1", "read");
    operations.enter("w1", "write");
    operations.enter("w2", "write");
    operations.enter("r2", "read");
    assert.deepEqual(operations.started, ["r1"]);
    await operations.leave();
    assert.deepEqual(operations.started, ["r1", "w1", "w2"]);
    await operations.leave();
    assert.deepEqual(operations.started, ["r1", "w1", "w2"]);
    await operations.leave();
    assert.deepEqual(operations.started, ["r1", "w1", "w2", "r2"]);
  });

  it("lets nobody overtake one that waits", () => {
    const operations = new Operations();
    operations.enter("r1", "read");
    operations.enter("alone", "alone");
    operations.enter("r2", "read");
    assert.deepEqual(operations.started, ["r1"]);
  });

  it("runs one alone with nothing else, not even another alone", async () => {
    const operations = new Operations();
    operations.enter("a1", "alone");
    operations.enter("a2", "alone");
    operations.enter("r1", "read");
    assert.deepEqual(operations.started, ["a1"]);
    await operations.leave();
    assert.deepEqual(operations.started, ["a1", "a2"]);
    await operations.leave();
    assert.deepEqual(operations.started, ["a1", "a2", "r1"]);
  });
});

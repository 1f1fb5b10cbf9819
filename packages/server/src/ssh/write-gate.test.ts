import assert from "node:assert/strict";
import { test } from "node:test";

import { WriteGate } from "./write-gate.ts";

interface Fixture {
  readonly gate: WriteGate;
  readonly state: { isOpen: boolean };
  readonly written: string[];
}

function fixture(): Fixture {
  const state = { isOpen: true };
  return { gate: new WriteGate(() => state.isOpen), state, written: [] };
}

test("what comes while the gate is open passes at once", () => {
  const { gate, written } = fixture();
  gate.pass(() => written.push("first"));
  assert.deepEqual(written, ["first"]);
});

test("what comes while the gate is closed passes in order once it opens", () => {
  const { gate, state, written } = fixture();
  state.isOpen = false;
  gate.pass(() => written.push("first"));
  gate.pass(() => written.push("second"));
  gate.open();
  assert.equal(written.length, 0);
  state.isOpen = true;
  gate.pass(() => written.push("third"));
  assert.equal(written.length, 0);
  gate.open();
  assert.deepEqual(written, ["first", "second", "third"]);
});

test("a gate that closes again keeps the rest waiting", () => {
  const { gate, state, written } = fixture();
  state.isOpen = false;
  gate.pass(() => {
    written.push("first");
    state.isOpen = false;
  });
  gate.pass(() => written.push("second"));
  state.isOpen = true;
  gate.open();
  assert.deepEqual(written, ["first"]);
  state.isOpen = true;
  gate.open();
  assert.deepEqual(written, ["first", "second"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { LineBuffer } from "./line-buffer.ts";

function collect() {
  const writes: string[] = [];
  return { writes, buffer: new LineBuffer({ write: (text) => writes.push(text) }) };
}

test("lines that follow each other are written as one, in order and soon", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { writes, buffer } = collect();
  buffer.write("a\n");
  t.mock.timers.tick(9);
  buffer.write("b\n");
  assert.deepEqual(writes, []);
  t.mock.timers.tick(1);
  assert.deepEqual(writes, ["a\nb\n"]);
  buffer.write("c\n");
  t.mock.timers.tick(10);
  assert.deepEqual(writes, ["a\nb\n", "c\n"]);
});

test("flush writes what waits at once, and nothing twice", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { writes, buffer } = collect();
  buffer.write("a\n");
  buffer.flush();
  buffer.flush();
  t.mock.timers.tick(100);
  assert.deepEqual(writes, ["a\n"]);
});

test("many lines do not wait for the time", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { writes, buffer } = collect();
  const line = `${"x".repeat(1023)}\n`;
  for (let count = 0; count < 16; count++) buffer.write(line);
  assert.deepEqual(writes, [line.repeat(16)]);
});

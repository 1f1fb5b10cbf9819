import assert from "node:assert/strict";
import { test } from "node:test";
import { servePlugin } from "./serve-plugin.ts";

test("a plugin of no kind is a mistake of the program", () => {
  assert.throws(
    () => void servePlugin({ gate: { check: () => ({ outcome: "allowed" }) } }),
    /needs a kind: give servePlugin/,
  );
});

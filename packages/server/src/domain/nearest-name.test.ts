import assert from "node:assert/strict";
import { test } from "node:test";

import { nearestName } from "./nearest-name.ts";

const NAMES = ["address", "port", "apply_proxy_config", "permissions"];

for (const [wrong, expected] of [
  ["addres", "address"],
  ["prot", "port"],
  ["ports", "port"],
  ["permisions", "permissions"],
  ["apply_proxy", "apply_proxy_config"],
  ["tropes", undefined],
  ["colour", undefined],
  ["", undefined],
  ["p".repeat(100_000), undefined],
] as const) {
  test(`${JSON.stringify(wrong.slice(0, 20))} was meant to be ${String(expected)}`, () => {
    assert.equal(nearestName(wrong, NAMES), expected);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatGoDuration, formatRpcError } from "./go-text.ts";

// As a real SFTPGo logged them.
for (const [code, message, expected] of [
  ["UNKNOWN", "probe refuses", "rpc error: code = Unknown desc = probe refuses"],
  [
    "DEADLINE_EXCEEDED",
    "context deadline exceeded",
    "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
  ],
  ["CANCELLED", "context canceled", "rpc error: code = Canceled desc = context canceled"],
  ["NOT_FOUND", "user not found", "rpc error: code = NotFound desc = user not found"],
  ["UNIMPLEMENTED", "", "rpc error: code = Unimplemented desc = "],
] as const) {
  test(`${code} is written as Go does`, () => assert.equal(formatRpcError(code, message), expected));
}

for (const [ms, expected] of [
  [0, "0s"],
  [0.8504, "850µs"],
  [12.3456, "12.346ms"],
  [999, "999ms"],
  [1_500, "1.5s"],
  [20_000, "20s"],
  [123_000, "2m3s"],
] as const) {
  test(`${ms} ms are ${expected}`, () => assert.equal(formatGoDuration(ms), expected));
}

import assert from "node:assert/strict";
import { test } from "node:test";

import { formatGrpcTimeout, parseGrpcTimeout } from "./grpc-timeout.ts";

test("timeouts are read in every unit", () => {
  const table = {
    "1H": 3_600_000,
    "2M": 120_000,
    "3S": 3000,
    "20000m": 20_000,
    "19998999u": 19_998.999,
    "5000000n": 5,
    "0S": 0,
  };
  for (const [text, ms] of Object.entries(table)) assert.ok(Math.abs(parseGrpcTimeout(text)! - ms) < 1e-9, text);
});

test("what is no timeout is refused", () => {
  for (const text of ["", "S", "1", "1s", "-1S", "1.5S", "123456789S", " 1S", "1S ", "1SS"]) {
    assert.equal(parseGrpcTimeout(text), undefined, text);
  }
});

test("timeouts are written in at most eight digits and never shorter than asked", () => {
  const table: readonly (readonly [number, string])[] = [
    [20_000, "20000m"],
    [0.2, "1m"],
    [1.5, "2m"],
    [99_999_999, "99999999m"],
    [100_000_000, "100000S"],
    [1e12, "277778H"],
    [Number.MAX_VALUE, "99999999H"],
  ];
  for (const [ms, text] of table) assert.equal(formatGrpcTimeout(ms), text);
});

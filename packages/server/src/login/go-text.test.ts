import assert from "node:assert/strict";
import { test } from "node:test";

import { GrpcError } from "@fairlead/plugin-sdk/client";

import { FairleadError } from "../domain/fairlead-error.ts";
import { formatGoDuration, formatRpcFailure } from "./go-text.ts";

for (const [durationMs, text] of [
  [0, "0s"],
  [0.5, "500µs"],
  [1.234567, "1.235ms"],
  [20_000, "20s"],
  [62_500, "1m2.5s"],
] as const) {
  test(`${durationMs} ms is ${text}`, () => {
    assert.equal(formatGoDuration(durationMs), text);
  });
}

test("a failed call reads as Go's client words it, however deep it is wrapped", () => {
  const answered = new GrpcError("PERMISSION_DENIED", "no");
  const wrapped = new FairleadError("ERR_STORE", "outer", {
    cause: new FairleadError("ERR_STORE", "x", { cause: answered }),
  });
  for (const error of [answered, wrapped]) {
    assert.equal(formatRpcFailure(error), "rpc error: code = PermissionDenied desc = no");
  }
});

test("what is no answer is Unavailable, on one line", () => {
  assert.equal(
    formatRpcFailure(new FairleadError("ERR_STORE", "down\nnext")),
    "rpc error: code = Unavailable desc = down",
  );
  assert.equal(formatRpcFailure("odd"), "rpc error: code = Unavailable desc = odd");
});

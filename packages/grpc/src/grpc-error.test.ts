import assert from "node:assert/strict";
import { test } from "node:test";

import { GrpcError } from "./grpc-error.ts";
import { Metadata } from "./metadata.ts";

test("carries code, message, trailers and cause", () => {
  const cause = new RangeError("deep");
  const trailers = new Metadata([["a", "b"]]);
  const error = new GrpcError("NOT_FOUND", "no such thing", { trailers, cause });
  assert.equal(error.code, "NOT_FOUND");
  assert.equal(error.message, "no such thing");
  assert.equal(error.trailers, trailers);
  assert.equal(error.cause, cause);
});

test("is recognised by brand and by code", () => {
  const error = new GrpcError("ABORTED", "x");
  assert.ok(GrpcError.is(error));
  assert.ok(GrpcError.is(error, "ABORTED"));
  assert.ok(!GrpcError.is(error, "INTERNAL"));
  for (const other of [undefined, null, "ABORTED", new RangeError("x"), { code: "ABORTED" }])
    assert.ok(!GrpcError.is(other));
});

test("makes UNKNOWN of anything else, with its message", () => {
  assert.equal(GrpcError.from(new RangeError("odd")).message, "odd");
  assert.equal(GrpcError.from("text").message, "text");
  assert.equal(GrpcError.from("text").code, "UNKNOWN");
  const error = new GrpcError("ABORTED", "x");
  assert.equal(GrpcError.from(error), error);
});

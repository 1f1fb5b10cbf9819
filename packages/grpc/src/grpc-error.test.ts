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

for (const [what, thrown] of [
  ["an object without prototype", Object.create(null)],
  ["an error whose message throws", Object.defineProperty(new Error("x"), "message", { get: fail })],
  ["an object that throws whatever it is asked", new Proxy({}, { get: fail, has: fail, getPrototypeOf: fail })],
] as const satisfies readonly (readonly [string, unknown])[]) {
  test(`makes UNKNOWN of what has no message: ${what}`, () => {
    const error = GrpcError.from(thrown);
    assert.equal(error.code, "UNKNOWN");
    assert.equal(error.message, "something was thrown that has no message");
  });
}

function fail(): never {
  throw new RangeError("not now");
}

import assert from "node:assert/strict";
import { test } from "node:test";

import { HeaderList } from "../connection/header-list.ts";
import { defineMethod, type Method } from "../method.ts";
import { planRequest, type RequestPlan } from "./request-plan.ts";
import { Routes } from "./routes.ts";

const codec = { encode: () => new Uint8Array(), decode: () => undefined };
const routes = new Routes();
routes.add("unary", defineMethod("unary", "/a.Service/Do", codec, codec), () => undefined);

function plan(changes: Readonly<Record<string, string | undefined>> = {}): RequestPlan {
  const fields = {
    ":method": "POST",
    ":scheme": "http",
    ":path": "/a.Service/Do",
    "content-type": "application/grpc",
    ...changes,
  };
  const list = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  return planRequest(new HeaderList(list), routes);
}

test("a call finds its handler and its deadline", () => {
  const found = plan({ "grpc-timeout": "5S" });
  assert.ok(found.action === "call");
  assert.equal(found.timeoutMs, 5000);
  assert.equal(found.route.method.path, "/a.Service/Do");
  for (const contentType of ["application/grpc+proto", "application/grpc;charset=x"]) {
    assert.equal(plan({ "content-type": contentType }).action, "call");
  }
  for (const encoding of ["identity", "gzip"]) {
    const encoded = plan({ "grpc-encoding": encoding });
    assert.ok(encoded.action === "call");
    assert.equal(encoded.isCompressed, encoding === "gzip");
  }
});

test("what cannot be called is answered as gRPC", () => {
  const table: readonly (readonly [changes: Record<string, string>, code: string, message: RegExp])[] = [
    [{ ":path": "/a.Service/Undo" }, "UNIMPLEMENTED", /^unknown method Undo for service a\.Service$/],
    [{ ":path": "/b.Service/Do" }, "UNIMPLEMENTED", /^unknown service b\.Service$/],
    [{ ":path": "nonsense" }, "UNIMPLEMENTED", /^malformed method name: "nonsense"$/],
    [{ "grpc-encoding": "snappy" }, "UNIMPLEMENTED", /snappy/],
    [{ "grpc-timeout": "never" }, "INTERNAL", /grpc-timeout/],
  ];
  for (const [changes, code, message] of table) {
    const answer = plan(changes);
    assert.ok(answer.action === "answer-status");
    assert.equal(answer.error.code, code);
    assert.match(answer.error.message, message);
  }
});

test("what is no gRPC is answered as HTTP, and what is no HTTP is reset", () => {
  assert.deepEqual(plan({ "content-type": undefined }), { action: "answer-http", httpStatus: "415" });
  assert.deepEqual(plan({ "content-type": "application/grpcx" }), { action: "answer-http", httpStatus: "415" });
  assert.deepEqual(plan({ ":method": "GET" }), { action: "answer-http", httpStatus: "405" });
  assert.deepEqual(planRequest(new HeaderList([], true), routes), { action: "answer-http", httpStatus: "431" });
  assert.deepEqual(plan({ ":scheme": undefined }), { action: "reset" });
});

test("a path can be taken once, and must be one", () => {
  const table = new Routes();
  const method = defineMethod("unary", "/a/b", codec, codec);
  table.add("unary", method, () => undefined);
  assert.throws(() => table.add("unary", method, () => undefined), TypeError);
  assert.throws(() => table.add("unary", defineMethod("unary", "a/b", codec, codec), () => undefined), TypeError);
  assert.deepEqual(table.services, ["a"]);
});

test("a handler takes methods of its kind only", () => {
  const table = new Routes();
  const watch = defineMethod("server-streaming", "/a.Service/Watch", codec, codec) as Method<unknown, unknown>;
  const wrong = { name: "TypeError", message: "method /a.Service/Watch is server-streaming: its handler is unary" };
  assert.throws(() => table.add("unary", watch as typeof watch & { readonly kind: "unary" }, () => undefined), wrong);
});

test("a method is of a kind there is", () => {
  assert.throws(() => defineMethod("serverStream" as "unary", "/a.Service/Watch", codec, codec), {
    name: "TypeError",
    message: /^method \/a\.Service\/Watch is "serverStream": expected one of unary, server-streaming, /,
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { HeaderList } from "./header-list.ts";

type Fields = readonly (readonly [name: string, value: string])[];

function listOf(fields: Fields): HeaderList {
  return new HeaderList(fields.map(([name, value]) => ({ name, value })));
}

const REQUEST: Fields = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/a/b"],
];

test("a sound request has no problem, with or without :authority", () => {
  assert.equal(listOf(REQUEST).requestProblem, undefined);
  assert.equal(listOf([...REQUEST, [":authority", "anything at all"], ["te", "trailers"]]).requestProblem, undefined);
});

test("malformed requests are told apart", () => {
  const malformed: Record<string, Fields> = {
    "no method": REQUEST.slice(1),
    "no scheme": [REQUEST[0]!, REQUEST[2]!],
    "no path": REQUEST.slice(0, 2),
    "empty path": [...REQUEST.slice(0, 2), [":path", ""]],
    "path twice": [...REQUEST, [":path", "/c/d"]],
    "response field": [...REQUEST, [":status", "200"]],
    "unknown pseudo field": [...REQUEST, [":proto", "x"]],
    "pseudo after regular": [REQUEST[0]!, ["a", "b"], REQUEST[1]!, REQUEST[2]!],
    "upper case": [...REQUEST, ["Abc", "x"]],
    "empty name": [...REQUEST, ["", "x"]],
    "space in name": [...REQUEST, ["a b", "x"]],
    "line feed in value": [...REQUEST, ["a", "x\ny"]],
    "NUL in content-type": [...REQUEST, ["content-type", "a\0"]],
    "line feed in path": [...REQUEST.slice(0, 2), [":path", "/a\n/b"]],
    connection: [...REQUEST, ["connection", "close"]],
    "transfer-encoding": [...REQUEST, ["transfer-encoding", "chunked"]],
    te: [...REQUEST, ["te", "trailers, deflate"]],
    "content-length": [...REQUEST, ["content-length", "1x"]],
    "two content-lengths": [...REQUEST, ["content-length", "1"], ["content-length", "2"]],
  };
  for (const [name, fields] of Object.entries(malformed))
    assert.equal(typeof listOf(fields).requestProblem, "string", name);
});

test("responses need a :status and nothing of a request", () => {
  assert.equal(listOf([[":status", "200"]]).responseProblem, undefined);
  for (const fields of [
    [],
    [[":status", "20"]],
    [[":status", "0200"]],
    [
      [":status", "200"],
      [":path", "/"],
    ],
  ] as Fields[]) {
    assert.equal(typeof listOf(fields).responseProblem, "string");
  }
});

test("trailers have no pseudo-header fields", () => {
  assert.equal(listOf([["grpc-status", "0"]]).trailersProblem, undefined);
  assert.equal(typeof listOf([[":status", "200"]]).trailersProblem, "string");
});

test("what gRPC asks for is picked out", () => {
  const list = listOf([
    ["content-type", "application/grpc"],
    ["grpc-timeout", "1S"],
    ["grpc-encoding", "gzip"],
    ["grpc-status", "5"],
    ["grpc-message", "m"],
    ["content-length", "12"],
  ]);
  const { contentType, timeout, encoding, grpcStatus, grpcMessage, contentLength } = list;
  assert.deepEqual(
    [contentType, timeout, encoding, grpcStatus, grpcMessage, contentLength],
    ["application/grpc", "1S", "gzip", "5", "m", 12],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { fromWireStatus, statusFromHttp, toWireStatus, type StatusCode } from "./status.ts";

const CODES: readonly (readonly [StatusCode, string])[] = [
  ["OK", "0"],
  ["CANCELLED", "1"],
  ["UNKNOWN", "2"],
  ["INVALID_ARGUMENT", "3"],
  ["DEADLINE_EXCEEDED", "4"],
  ["NOT_FOUND", "5"],
  ["ALREADY_EXISTS", "6"],
  ["PERMISSION_DENIED", "7"],
  ["RESOURCE_EXHAUSTED", "8"],
  ["FAILED_PRECONDITION", "9"],
  ["ABORTED", "10"],
  ["OUT_OF_RANGE", "11"],
  ["UNIMPLEMENTED", "12"],
  ["INTERNAL", "13"],
  ["UNAVAILABLE", "14"],
  ["DATA_LOSS", "15"],
  ["UNAUTHENTICATED", "16"],
];

test("every status has its number, both ways", () => {
  for (const [code, number] of CODES) {
    assert.equal(toWireStatus(code), number);
    assert.equal(fromWireStatus(number), code);
  }
});

test("what is no status is UNKNOWN", () => {
  for (const text of ["17", "99", "-1", "", "OK", "1e0", "0x1", "999999999999"])
    assert.equal(fromWireStatus(text), "UNKNOWN");
});

test("HTTP statuses map as gRPC's document says", () => {
  const table = {
    400: "INTERNAL",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    429: "UNAVAILABLE",
  };
  for (const [http, code] of Object.entries(table)) assert.equal(statusFromHttp(http), code);
  for (const http of ["502", "503", "504"]) assert.equal(statusFromHttp(http), "UNAVAILABLE");
  for (const http of ["200", "301", "415", "431", "500", "none"]) assert.equal(statusFromHttp(http), "UNKNOWN");
});

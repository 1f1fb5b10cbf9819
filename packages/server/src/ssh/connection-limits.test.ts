import assert from "node:assert/strict";
import { test } from "node:test";

import { type ConnectionLimits, type ConnectionPlace, createConnectionCounter } from "./connection-limits.ts";

const NONE: ConnectionLimits = { total: 0, perHost: 0, unauthenticated: 0, unauthenticatedPerHost: 0 };

function placeOf(admitted: ConnectionPlace | string): ConnectionPlace {
  assert.ok(typeof admitted === "object", "not admitted");
  return admitted;
}

test("without limits everybody comes in", () => {
  const counter = createConnectionCounter(NONE);
  for (let opened = 0; opened < 1000; opened += 1) {
    placeOf(counter.admit("a"));
  }
  assert.equal(counter.count, 1000);
});

test("the total counts everybody", () => {
  const counter = createConnectionCounter({ ...NONE, total: 2 });
  placeOf(counter.admit("a"));
  const second = placeOf(counter.admit("b"));
  assert.equal(counter.admit("c"), "total");
  second.release();
  placeOf(counter.admit("c"));
});

test("each address has its own count", () => {
  const counter = createConnectionCounter({ ...NONE, perHost: 1 });
  placeOf(counter.admit("a"));
  assert.equal(counter.admit("a"), "perHost");
  placeOf(counter.admit("b"));
});

test("who has logged in no longer counts as waiting, but still as a connection", () => {
  const counter = createConnectionCounter({ ...NONE, total: 3, unauthenticated: 1, unauthenticatedPerHost: 1 });
  const first = placeOf(counter.admit("a"));
  assert.equal(counter.admit("b"), "unauthenticated");
  first.authenticated();
  placeOf(counter.admit("a"));
  assert.equal(counter.count, 2);
});

test("one address waiting too often does not lock out another", () => {
  const counter = createConnectionCounter({ ...NONE, unauthenticatedPerHost: 1 });
  placeOf(counter.admit("a"));
  assert.equal(counter.admit("a"), "unauthenticatedPerHost");
  placeOf(counter.admit("b"));
});

test("leaving twice, or after logging in, is counted once", () => {
  const counter = createConnectionCounter({ ...NONE, unauthenticated: 1 });
  const place = placeOf(counter.admit("a"));
  place.authenticated();
  const other = placeOf(counter.admit("b"));
  place.release();
  place.release();
  assert.equal(counter.count, 1);
  assert.equal(counter.admit("c"), "unauthenticated");
  other.release();
  assert.equal(counter.count, 0);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { createSessionRegistry } from "./session-registry.ts";

test("a user has as many places as allowed, others are not concerned", () => {
  const registry = createSessionRegistry();
  assert.ok(registry.open("alice", 2));
  assert.ok(registry.open("alice", 2));
  assert.equal(registry.open("alice", 2), undefined);
  assert.ok(registry.open("bob", 1));
  assert.equal(registry.count("alice"), 2);
});

test("0 means no limit", () => {
  const registry = createSessionRegistry();
  for (let opened = 0; opened < 100; opened += 1) {
    assert.ok(registry.open("alice", 0));
  }
});

test("a released place is free again, once", () => {
  const registry = createSessionRegistry();
  const first = registry.open("alice", 2);
  registry.open("alice", 2);
  first?.release();
  first?.release();
  assert.equal(registry.count("alice"), 1);
  assert.ok(registry.open("alice", 2));
  assert.equal(registry.open("alice", 2), undefined);
});

test("releasing late does not touch the places taken meanwhile", () => {
  const registry = createSessionRegistry();
  const old = registry.open("alice", 1);
  old?.release();
  registry.open("alice", 1);
  old?.release();
  assert.equal(registry.count("alice"), 1);
});

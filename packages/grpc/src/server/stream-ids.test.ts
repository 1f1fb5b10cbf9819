import assert from "node:assert/strict";
import { test } from "node:test";

import { ClientStreamIds } from "./stream-ids.ts";

test("ids are odd and grow; what is above the last one is idle", () => {
  const ids = new ClientStreamIds();
  for (const id of [1, 3, 9]) ids.use(id);
  assert.equal(ids.last, 9);
  for (const id of [2, 8, 10, 11]) assert.ok(ids.isIdle(id));
  for (const id of [1, 5, 9]) assert.ok(!ids.isIdle(id));
});

test("an even id, a skipped one and a used one are told apart", () => {
  const ids = new ClientStreamIds();
  for (const id of [1, 3, 9]) ids.use(id);
  assert.throws(() => ids.use(10), { code: "PROTOCOL_ERROR" });
  assert.throws(() => ids.use(5), { code: "PROTOCOL_ERROR" });
  assert.throws(() => ids.use(3), { code: "STREAM_CLOSED" });
  assert.throws(() => ids.use(9), { code: "STREAM_CLOSED" });
});

test("a client that skips again and again is remembered in part only", () => {
  const ids = new ClientStreamIds();
  for (let id = 1; id < 400; id += 4) ids.use(id);
  assert.throws(() => ids.use(3), { code: "STREAM_CLOSED" });
  assert.throws(() => ids.use(395), { code: "PROTOCOL_ERROR" });
});

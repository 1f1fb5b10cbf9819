import assert from "node:assert/strict";
import { test } from "node:test";
import { upload } from "../../test/support/events.ts";
import type { HostEvent } from "../host-event.ts";
import { estimateEventBytes } from "./event-size.ts";

const base = estimateEventBytes(upload("", ""));
const provider = (objectData: Uint8Array): HostEvent => ({
  kind: "provider",
  event: { timestampNs: 0n, action: "", objectType: "", objectName: "", username: "", ip: "", role: "", objectData },
});

test("every text counts two bytes a character", () => {
  assert.equal(estimateEventBytes(upload("ann", "")) - base, 6);
  assert.equal(estimateEventBytes(upload("", "", { role: "x".repeat(1_000) })) - base, 2_000);
});

test("metadata counts, keys and values", () => {
  const metadata = { ["k".repeat(1_000)]: "v".repeat(1_000) };
  assert.ok(estimateEventBytes(upload("", "", { metadata })) - base >= 4_000);
});

test("object data counts by its bytes", () => {
  const size = estimateEventBytes(provider(new Uint8Array(5_000))) - estimateEventBytes(provider(new Uint8Array()));
  assert.equal(size, 5_000);
});

test("an event of empty texts costs something", () => {
  const login = { timestampNs: 0n, event: 5, username: "", protocol: "", ip: "", message: "", role: "" };
  assert.ok(estimateEventBytes({ kind: "log", event: login }) > 500);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { upload } from "../../test/support/events.ts";
import type { HostEvent } from "../host-event.ts";
import { createEventFilter } from "./event-filter.ts";

const filter = createEventFilter({
  fsEvents: ["upload", "pre-upload"],
  providerEvents: ["add", "update"],
  providerObjects: ["user"],
  logEvents: [1],
  retryMaxTimeS: 0,
  retryQueueMaxSize: 0,
});

function change(action: string, objectType: string): HostEvent {
  const texts = { action, objectType, objectName: "x", username: "admin", ip: "", role: "" };
  return { kind: "provider", event: { ...texts, timestampNs: 0n, objectData: new Uint8Array() } };
}

function login(event: number): HostEvent {
  return {
    kind: "log",
    event: { timestampNs: 0n, event, username: "ann", protocol: "SSH", ip: "", message: "", role: "" },
  };
}

test("file events are chosen by action, pre-events only when named", () => {
  assert.ok(filter.wants(upload("ann", "/f")));
  assert.ok(filter.wants(upload("ann", "/f", { action: "pre-upload" })));
  assert.ok(!filter.wants(upload("ann", "/f", { action: "download" })));
});

test("provider events need both the action and the object", () => {
  assert.ok(filter.wants(change("add", "user")));
  assert.ok(!filter.wants(change("delete", "user")));
  assert.ok(!filter.wants(change("add", "admin")));
});

test("log events are chosen by number", () => {
  assert.ok(filter.wants(login(1)));
  assert.ok(!filter.wants(login(5)));
});

test("names of prototype members are names", () => {
  assert.ok(!filter.wants(upload("ann", "/f", { action: "constructor" })));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProviderEvent } from "@fairlead/plugin-sdk/client";
import { createFsEvent, login } from "../../test/support/events.ts";
import type { HostEvent } from "../host-event.ts";
import { decodeEvent, encodeEvent } from "./event-record.ts";

const provider: ProviderEvent = {
  timestampNs: -(2n ** 63n),
  action: "update",
  username: "admin",
  objectType: "user",
  objectName: "ann",
  objectData: Uint8Array.of(0, 255, 1),
  ip: "::1",
  role: "r",
};

/** What comes back has metadata without a prototype. */
function withoutPrototypes(event: HostEvent | undefined): unknown {
  if (event?.kind !== "fs") return event;
  return { ...event, event: { ...event.event, metadata: { ...event.event.metadata } } };
}

const events: Readonly<Record<string, HostEvent>> = {
  "a file event": { kind: "fs", event: createFsEvent({ metadata: { etag: "1", clé: "🔑" } }) },
  "a file event with the largest numbers": {
    kind: "fs",
    event: createFsEvent({
      timestampNs: 2n ** 63n - 1n,
      fileSizeBytes: -1n,
      status: 2 ** 31 - 1,
      openFlags: -(2 ** 31),
      path: "x".repeat(100_000),
    }),
  },
  "a provider event": { kind: "provider", event: provider },
  "a log event": login("ann", 5, { message: "\u{feff}no\0 such user" }),
};

for (const [name, event] of Object.entries(events)) {
  test(`${name} comes back as it was`, () => {
    assert.deepEqual(withoutPrototypes(decodeEvent(encodeEvent(event))), withoutPrototypes(event));
  });

  test(`${name} that is cut off anywhere, or longer than it should be, is none`, () => {
    const bytes = encodeEvent(event);
    const step = Math.ceil(bytes.length / 500);
    for (let length = 0; length < bytes.length; length += step) {
      assert.equal(decodeEvent(bytes.subarray(0, length)), undefined, `${length} bytes`);
    }
    assert.equal(decodeEvent(Buffer.concat([bytes, Uint8Array.of(0)])), undefined);
  });
}

test("records of version 1 stay readable", () => {
  // Written down when version 1 was made: a journal of an older server holds such bytes.
  const parts = ["0102", "0700000000000000", "02", "03616e6e", "03535348", "07312e322e332e34", "00", "00"];
  const hex = parts.join("");
  assert.deepEqual(decodeEvent(Buffer.from(hex, "hex")), {
    kind: "log",
    event: { timestampNs: 7n, event: 1, username: "ann", protocol: "SSH", ip: "1.2.3.4", message: "", role: "" },
  });
});

test("a record of another version, or of no known kind, is none", () => {
  const bytes = encodeEvent(login("ann", 5));
  assert.equal(decodeEvent(Uint8Array.of(2, ...bytes.subarray(1))), undefined);
  assert.equal(decodeEvent(Uint8Array.of(1, 3, ...bytes.subarray(2))), undefined);
});

test("a metadata key named like a prototype member is a key", () => {
  const metadata = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
  const decoded = decodeEvent(encodeEvent({ kind: "fs", event: createFsEvent({ metadata }) }));
  assert.ok(decoded?.kind === "fs");
  assert.equal(decoded.event.metadata["__proto__"], "x");
  assert.equal(Object.getPrototypeOf(decoded.event.metadata), null);
});

test("random bytes are an event or none, and never anything else", () => {
  let state = 12345;
  const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: 2 + random() * 60 }, () => random() * 256);
    bytes.set([1, Math.floor(random() * 3)]);
    decodeEvent(bytes);
  }
  const whole = encodeEvent(events["a file event"]!);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from(whole);
    bytes[Math.floor(random() * bytes.length)] = random() * 256;
    decodeEvent(bytes);
  }
});

test("a number that fits no event is refused", () => {
  assert.throws(() => encodeEvent({ kind: "fs", event: createFsEvent({ fileSizeBytes: 2n ** 63n }) }), RangeError);
  assert.throws(() => encodeEvent({ kind: "fs", event: createFsEvent({ status: 2 ** 31 }) }), RangeError);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { FsEvent as WireFsEvent, ProviderEvent as WireProviderEvent } from "../gen/notifier/notifier.ts";
import { fromWireFsEvent, fromWireProviderEvent, toWireFsEvent } from "./event-converters.ts";

const wireEvent = WireFsEvent.decode(new Uint8Array());

test("numbers of newer servers survive both ways", () => {
  const event = fromWireFsEvent({ ...wireEvent, status: 77, fsProvider: 99, openFlags: -1 });
  assert.deepEqual([event.status, event.fsProvider, event.openFlags], [77, 99, -1]);
  const bytes = WireFsEvent.encode(toWireFsEvent(event)).finish();
  const again = fromWireFsEvent(WireFsEvent.decode(bytes));
  assert.deepEqual([again.status, again.fsProvider, again.openFlags], [77, 99, -1]);
});

test("64-bit numbers keep every digit", () => {
  const largest = 2n ** 63n - 1n;
  const bytes = WireFsEvent.encode({ ...wireEvent, timestamp: largest, fileSize: -1n }).finish();
  const event = fromWireFsEvent(WireFsEvent.decode(bytes));
  assert.equal(event.timestampNs, largest);
  assert.equal(event.fileSizeBytes, -1n);
});

test("metadata keys named like prototype members are keys", () => {
  const names = ["__proto__", "constructor", "toString", "key"];
  const metadata = new Map(names.map((name) => [name, `value of ${name}`]));
  const bytes = WireFsEvent.encode({ ...wireEvent, metadata }).finish();
  const event = fromWireFsEvent(WireFsEvent.decode(bytes));
  assert.equal(Object.getPrototypeOf(event.metadata), null);
  assert.deepEqual(Object.keys(event.metadata), names);
  assert.equal(event.metadata["__proto__"], "value of __proto__");
  assert.equal(({} as Record<string, unknown>)["key"], undefined);
  assert.deepEqual(toWireFsEvent(event).metadata, metadata);
});

test("object data does not change when the receive buffer is used again", () => {
  // A Buffer, as connections give it.
  const received = Buffer.from(
    WireProviderEvent.encode({
      ...WireProviderEvent.decode(new Uint8Array()),
      objectData: Uint8Array.of(1, 2, 3),
    }).finish(),
  );
  const event = fromWireProviderEvent(WireProviderEvent.decode(received));
  received.fill(0);
  assert.deepEqual(event.objectData, Uint8Array.of(1, 2, 3));
});

test("fields of newer servers are skipped", () => {
  const known = WireFsEvent.encode({ ...wireEvent, action: "upload" }).finish();
  const unknownField = Uint8Array.of(0xa2, 0x06, 0x02, 0x68, 0x69); // number 100, two bytes
  assert.equal(fromWireFsEvent(WireFsEvent.decode(Buffer.concat([unknownField, known]))).action, "upload");
});

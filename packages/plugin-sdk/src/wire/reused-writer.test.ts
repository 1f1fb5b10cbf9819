import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { FsEvent, ProviderEvent } from "../gen/notifier/notifier.ts";
import { ReusedWriter } from "./reused-writer.ts";

const texts = [
  "",
  "a",
  "é",
  "€".repeat(42),
  "€".repeat(43),
  "😀".repeat(21),
  "\ud800",
  "x".repeat(200),
  "x".repeat(9_000),
];
const int64s = [0n, 1n, 127n, 128n, 2n ** 31n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, -1n, -(2n ** 63n)];
const int32s = [0, 1, 127, 128, 300, 2 ** 31 - 1, -1, -(2 ** 31)];
const empty = FsEvent.decode(new Uint8Array());

function encodeBoth(event: FsEvent): [Uint8Array, Uint8Array] {
  return [
    FsEvent.encode(event, new ReusedWriter().start()).finish(),
    FsEvent.encode(event, new BinaryWriter()).finish(),
  ];
}

test("messages are byte for byte those of the runtime's writer", () => {
  for (const action of texts) {
    for (const [index, timestamp] of int64s.entries()) {
      const status = int32s[index % int32s.length] ?? 0;
      const metadata = new Map([
        [action, "v"],
        ["k", action],
      ]);
      const [ours, theirs] = encodeBoth({ ...empty, action, timestamp, status, openFlags: status, metadata });
      assert.deepEqual(ours, Uint8Array.from(theirs));
    }
  }
});

test("a message stays as it is when the next one is written", () => {
  const writer = new ReusedWriter();
  for (const size of [10, 100_000]) {
    const first = FsEvent.encode({ ...empty, action: "a".repeat(size) }, writer.start()).finish();
    const copy = Uint8Array.from(first);
    FsEvent.encode({ ...empty, action: "b".repeat(size) }, writer.start()).finish();
    assert.deepEqual(Uint8Array.from(first), copy);
  }
});

test("bytes larger than the buffer are written", () => {
  const objectData = new Uint8Array(3 * 1024 * 1024).fill(7);
  const message = { ...ProviderEvent.decode(new Uint8Array()), objectData, role: "r" };
  const decoded = ProviderEvent.decode(ProviderEvent.encode(message, new ReusedWriter().start()).finish());
  assert.deepEqual(Uint8Array.from(decoded.objectData), objectData);
  assert.equal(decoded.role, "r");
});

test("an encoding that threw leaves nothing in the next message", () => {
  const writer = new ReusedWriter();
  assert.throws(() => FsEvent.encode({ ...empty, action: "rest", status: 2 ** 31 }, writer.start()), RangeError);
  assert.throws(() => FsEvent.encode({ ...empty, action: "rest", status: 1.5 }, writer.start()), RangeError);
  assert.deepEqual(FsEvent.encode({ ...empty, action: "x" }, writer.start()).finish(), Uint8Array.of(18, 1, 120));
});

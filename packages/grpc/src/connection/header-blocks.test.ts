import assert from "node:assert/strict";
import { test } from "node:test";

import { HpackEncoder, type HeaderField } from "../hpack/index.ts";
import { HeaderReader } from "./header-reader.ts";
import { HeaderWriter } from "./header-writer.ts";
import { LiteralFields } from "./literal-field.ts";

const FIELDS: readonly HeaderField[] = [
  { name: ":method", value: "POST" },
  { name: "content-type", value: "application/grpc" },
];

function read(reader: HeaderReader, block: Uint8Array): ReturnType<HeaderReader["read"]> {
  return reader.read(Buffer.from(block), 0, block.length);
}

test("a repeated block becomes small, is written from the cache and read from it", () => {
  const writer = new HeaderWriter();
  const reader = new HeaderReader();
  const blocks = [1, 2, 3, 4].map(() => writer.block("key", () => FIELDS));
  const lists = blocks.map((block) => read(reader, block));
  for (const list of lists)
    assert.deepEqual(
      list.fields.map(({ name, value }) => ({ name, value })),
      FIELDS,
    );
  assert.ok(blocks[1]!.length < blocks[0]!.length);
  assert.equal(blocks[3], blocks[2]);
  assert.equal(lists[3], lists[2]);
});

test("a change of the table between two equal blocks is noticed on both sides", () => {
  const writer = new HeaderWriter();
  const reader = new HeaderReader();
  for (let round = 0; round < 200; round++) {
    const key = `/service/method-${round % 7}-${round > 100 ? round : 0}`;
    const fields = (path: string): HeaderField[] => [...FIELDS, { name: ":path", value: path }];
    for (const _ of [1, 2, 3]) {
      assert.equal(read(reader, writer.block(key, fields)).path, key);
    }
  }
});

test("a block that inserts is decoded each time", () => {
  const encoder = new HpackEncoder();
  const reader = new HeaderReader();
  const insert = encoder.encode([{ name: "x", value: "1" }]);
  read(reader, insert);
  read(reader, insert);
  // Both copies are in the table now: index 63 is the older one.
  assert.equal(read(reader, Buffer.from([0x80 | 63])).fields[0]?.value, "1");
});

test("a new table size limit is told before the next block, cached or not", () => {
  const writer = new HeaderWriter();
  const reader = new HeaderReader();
  for (const _ of [1, 2, 3])
    read(
      reader,
      writer.block("key", () => FIELDS),
    );
  writer.setMaxTableSizeBytes(0);
  const block = writer.block("key", () => FIELDS);
  assert.equal(block[0], 0x20);
  assert.equal(read(reader, block).contentType, "application/grpc");
});

test("literal fields of any length are read as written and leave the table alone", () => {
  const reader = new HeaderReader();
  for (const sizeBytes of [0, 1, 126, 127, 128, 254, 255, 256, 16_000]) {
    const value = "v".repeat(sizeBytes);
    const block = new LiteralFields().add("plain", value, false).add("secret", value, true).encode();
    const { fields } = read(reader, block);
    assert.deepEqual(
      fields.map((field) => [field.name, field.value, field.sensitive === true]),
      [
        ["plain", value, false],
        ["secret", value, true],
      ],
    );
  }
  assert.throws(() => read(reader, Buffer.from([0x80 | 62])), { code: "COMPRESSION_ERROR" });
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { HpackDecoder } from "./decoder.ts";
import { HpackEncoder } from "./encoder.ts";
import type { HeaderField } from "./header-field.ts";
import { HpackError } from "./hpack-error.ts";
import { CODED_REQUESTS } from "../../test/hpack-appendix-c.ts";

function hexOf(block: Uint8Array): string {
  return Buffer.from(block).toString("hex");
}

function pair(): {
  encoder: HpackEncoder;
  decoder: HpackDecoder;
  passes: (fields: readonly HeaderField[]) => Uint8Array;
} {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder({ maxTableSizeBytes: 4096, maxHeaderListBytes: 1_000_000 });
  return {
    encoder,
    decoder,
    passes(fields) {
      const block = encoder.encode(fields);
      assert.deepEqual(decoder.decode(block), fields);
      return block;
    },
  };
}

const REQUEST: readonly HeaderField[] = [
  { name: ":method", value: "POST" },
  { name: ":scheme", value: "http" },
  { name: ":path", value: "/proto.Notifier/SendFsEvent" },
  { name: ":authority", value: "localhost" },
  { name: "content-type", value: "application/grpc" },
  { name: "te", value: "trailers" },
];

suite("HPACK encoder", () => {
  test("requests of RFC 7541 C.4 come out as written there", () => {
    const encoder = new HpackEncoder();
    for (const { fields, hex } of CODED_REQUESTS) assert.equal(hexOf(encoder.encode(fields)), hex);
  });

  test("a field that repeats is one octet the second time", () => {
    const { passes } = pair();
    passes(REQUEST);
    assert.equal(passes(REQUEST).length, REQUEST.length);
  });

  test("a string is Huffman-coded only when that is shorter", () => {
    const encoder = new HpackEncoder();
    assert.equal(hexOf(encoder.encode([{ name: "x\n", value: "\n\n" }])), "4002780a020a0a");
  });

  test("sensitive fields are never indexed", () => {
    const { passes, encoder } = pair();
    const version = encoder.tableVersion;
    const field: HeaderField = { name: "x-token", value: "secret", sensitive: true };
    const first = passes([field]);
    assert.equal(first[0]! & 0xf0, 0x10);
    assert.deepEqual(passes([field]), first);
    assert.equal(encoder.tableVersion, version);
  });

  test("credentials are sensitive without being marked", () => {
    const encoder = new HpackEncoder();
    for (const name of ["authorization", "cookie", "set-cookie", "proxy-authorization"]) {
      assert.equal(encoder.encode([{ name, value: "x" }])[0]! & 0xf0, 0x10, name);
    }
  });

  test("a value that changes with each block stops taking entries", () => {
    const { passes, encoder } = pair();
    passes(REQUEST);
    for (let i = 0; i < 10; i++) passes([...REQUEST, { name: "grpc-timeout", value: `${19_999_000 + i}u` }]);
    const version = encoder.tableVersion;
    const block = passes([...REQUEST, { name: "grpc-timeout", value: "19876543u" }]);
    assert.equal(encoder.tableVersion, version);
    assert.ok(block.length < 20, `${block.length} octets: the name should be an index`);
  });

  test("a method is an index the second time, whatever was called before", () => {
    const { passes } = pair();
    const call = (path: string): Uint8Array => passes([{ name: ":path", value: path }]);
    for (let i = 0; i < 10; i++) call(`/once.Each/Method${i}`);
    call("/proto.Notifier/SendFsEvent");
    assert.equal(call("/proto.Notifier/SendFsEvent").length, 1);
  });

  test("a value used again earns its name more entries", () => {
    const { passes } = pair();
    for (let i = 0; i < 10; i++) {
      const fields = [...REQUEST, { name: "x-tenant", value: `tenant-${i}` }];
      passes(fields);
      assert.equal(passes(fields).length, fields.length, `value ${i} should be in the table`);
    }
  });

  test("blocks that leave the table alone are the same bytes each time", () => {
    const { passes, encoder } = pair();
    passes(REQUEST);
    const version = encoder.tableVersion;
    const block = passes(REQUEST);
    passes([{ name: "x", value: "y", sensitive: true }]);
    assert.deepEqual(passes(REQUEST), block);
    assert.equal(encoder.tableVersion, version);
  });

  test("a returned block is not overwritten by the next", () => {
    const encoder = new HpackEncoder();
    const first = encoder.encode(REQUEST);
    const copy = hexOf(first);
    encoder.encode([{ name: "a", value: "b".repeat(500) }]);
    assert.equal(hexOf(first), copy);
  });

  test("a field of many kilobytes passes without an entry", () => {
    const { passes, encoder } = pair();
    const version = encoder.tableVersion;
    passes([{ name: "grpc-message", value: "é%\u0000".repeat(30_000) }, ...REQUEST.slice(0, 2)]);
    assert.equal(encoder.tableVersion, version);
  });

  test("characters that are no octet are refused and both sides stay in step", () => {
    const { passes, encoder } = pair();
    passes(REQUEST);
    const wrong = [
      { name: "x-new", value: "inserted" },
      { name: "grpc-message", value: "snow ☃" },
    ];
    assert.throws(
      () => encoder.encode(wrong),
      (error) => HpackError.is(error, "NOT_LATIN1"),
    );
    passes([...REQUEST, { name: "x-new", value: "inserted" }]);
    passes([...REQUEST, { name: "x-new", value: "inserted" }]);
  });
});

suite("HPACK encoder: the peer's table size", () => {
  test("a smaller table is announced once, at the start of the next block", () => {
    const { passes, encoder } = pair();
    passes(REQUEST);
    encoder.setMaxTableSizeBytes(100);
    assert.equal(hexOf(passes(REQUEST)).slice(0, 4), "3f45");
    assert.notEqual(passes(REQUEST)[0]! & 0xe0, 0x20);
  });

  test("down and up again announces the lowest size, then the last", () => {
    const { passes, encoder } = pair();
    passes(REQUEST);
    encoder.setMaxTableSizeBytes(200);
    encoder.setMaxTableSizeBytes(0);
    encoder.setMaxTableSizeBytes(4096);
    assert.equal(hexOf(passes(REQUEST)).slice(0, 8), "203fe11f");
  });

  test("with no table, blocks are the same each time and decode", () => {
    const { passes, encoder } = pair();
    encoder.setMaxTableSizeBytes(0);
    passes(REQUEST);
    assert.deepEqual(passes(REQUEST), passes(REQUEST));
  });

  test("a larger table than the default is not used, so not announced", () => {
    const encoder = new HpackEncoder();
    encoder.setMaxTableSizeBytes(1_048_576);
    assert.equal(hexOf(encoder.encode([{ name: ":method", value: "GET" }])), "82");
  });
});

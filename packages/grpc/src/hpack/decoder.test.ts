import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { HpackDecoder } from "./decoder.ts";
import { HpackError, type HpackErrorCode } from "./hpack-error.ts";
import { CODED_REQUESTS, CODED_RESPONSES, PLAIN_REQUESTS, PLAIN_RESPONSES } from "../../test/hpack-appendix-c.ts";

const SIZE_256 = "3fe101";

function decoderOf(maxHeaderListBytes = 65_536, maxTableSizeBytes = 4096): HpackDecoder {
  return new HpackDecoder({ maxTableSizeBytes, maxHeaderListBytes });
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

function refuses(decoder: HpackDecoder, block: string, code: HpackErrorCode = "COMPRESSION", message?: RegExp): void {
  assert.throws(
    () => decoder.decode(hex(block)),
    (error) => HpackError.is(error, code) && (message === undefined || message.test(error.message)),
    block,
  );
}

suite("HPACK decoder: RFC 7541 appendix C", () => {
  const series = [
    { name: "C.3 requests", blocks: PLAIN_REQUESTS, first: "" },
    { name: "C.4 requests, Huffman", blocks: CODED_REQUESTS, first: "" },
    { name: "C.5 responses", blocks: PLAIN_RESPONSES, first: SIZE_256 },
    { name: "C.6 responses, Huffman", blocks: CODED_RESPONSES, first: SIZE_256 },
  ];
  for (const { name, blocks, first } of series) {
    test(name, () => {
      const decoder = decoderOf();
      for (const [i, block] of blocks.entries()) {
        assert.deepEqual(decoder.decode(hex((i === 0 ? first : "") + block.hex)), block.fields);
      }
    });
  }

  test("C.2.1 literal with indexing", () => {
    const decoder = decoderOf();
    const field = { name: "custom-key", value: "custom-header" };
    assert.deepEqual(decoder.decode(hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572")), [field]);
    assert.deepEqual(decoder.decode(hex("be")), [field]);
  });

  test("C.2.2 literal without indexing", () => {
    const decoder = decoderOf();
    assert.deepEqual(decoder.decode(hex("040c 2f73 616d 706c 652f 7061 7468")), [
      { name: ":path", value: "/sample/path" },
    ]);
    refuses(decoder, "be");
  });

  test("C.2.3 literal never indexed", () => {
    const decoder = decoderOf();
    const fields = decoder.decode(hex("1008 7061 7373 776f 7264 0673 6563 7265 74"));
    assert.deepEqual(fields, [{ name: "password", value: "secret", sensitive: true }]);
    refuses(decoder, "be");
  });
});

suite("HPACK decoder: hostile blocks", () => {
  test("every truncation of a sound block is refused or decodes to its first fields", () => {
    for (const block of [...PLAIN_RESPONSES.slice(0, 1), ...CODED_REQUESTS.slice(0, 1)]) {
      const whole = hex(block.hex);
      for (let length = 0; length < whole.length; length++) {
        try {
          const fields = decoderOf().decode(whole.subarray(0, length));
          assert.deepEqual(fields, block.fields.slice(0, fields.length));
          assert.ok(fields.length < block.fields.length);
        } catch (error) {
          assert.ok(HpackError.is(error, "COMPRESSION"), String(error));
        }
      }
    }
  });

  test("index 0 and indexes past both tables are refused", () => {
    refuses(decoderOf(), "80", "COMPRESSION", /index 0/);
    refuses(decoderOf(), "be", "COMPRESSION", /index 62 is past the end/);
    refuses(decoderOf(), "7f0001 61");
    refuses(decoderOf(), "ff ff ff ff 07");
  });

  test("integers beyond any meaning are refused, however they are written", () => {
    for (const block of [
      "ff ff ff ff ff 7f",
      "ff ff ff ff ff ff ff ff ff ff 01",
      "ff 80 80 80 80 80 80 00",
      "ffffffffff08",
    ]) {
      refuses(decoderOf(), block, "COMPRESSION", /integer is too large/);
    }
    refuses(decoderOf(), "00 7f 80 ff ff ff 07 61", "COMPRESSION", /ends inside a string/);
    refuses(decoderOf(), "ff 80 80", "COMPRESSION", /ends inside an integer/);
  });

  test("integers written longer than needed are read", () => {
    assert.deepEqual(decoderOf().decode(hex("0f 80 00 01 61")), [{ name: "accept-charset", value: "a" }]);
  });

  test("a wrongly coded string is refused", () => {
    refuses(decoderOf(), "00 84 fffffffc 00", "COMPRESSION", /wrongly coded/);
    refuses(decoderOf(), "00 81 00 00", "COMPRESSION", /wrongly coded/);
  });

  test("a size update after a field is refused", () => {
    refuses(decoderOf(), "82 20", "COMPRESSION", /after a field/);
  });

  test("a size update above what we allow is refused", () => {
    refuses(decoderOf(), "3f e2 1f", "COMPRESSION", /4097/);
    assert.deepEqual(decoderOf().decode(hex("3f e1 1f")), []);
    refuses(decoderOf(65_536, 100), "3f 46", "COMPRESSION", /101, over the limit of 100/);
  });

  test("a size update empties the table", () => {
    const decoder = decoderOf();
    decoder.decode(hex("40 01 61 01 62"));
    assert.deepEqual(decoder.decode(hex("be")), [{ name: "a", value: "b" }]);
    assert.deepEqual(decoder.decode(hex("20 3f e1 1f 82")), [{ name: ":method", value: "GET" }]);
    refuses(decoder, "be");
  });

  test("a literal whose insertion evicts the entry that gave its name keeps that name", () => {
    const decoder = decoderOf();
    decoder.decode(hex("3f 03 40 01 61 01 62")); // room for 34 octets: a: b
    assert.deepEqual(decoder.decode(hex("7e 01 63")), [{ name: "a", value: "c" }]);
    assert.deepEqual(decoder.decode(hex("be")), [{ name: "a", value: "c" }]);
  });

  test("a string longer than anything before is decoded", () => {
    const codedBytes = 200_000; // the code of "0" is five zero bits, so eight of them are five octets
    const length = Buffer.of(0xff, 0xc1, 0x99, 0x0c); // 127 + 0x41 + 0x19 * 128 + 12 * 16384
    const block = Buffer.concat([hex("01"), length, Buffer.alloc(codedBytes)]);
    const [field] = decoderOf(1_000_000).decode(block);
    assert.equal(field?.value, "0".repeat((codedBytes / 5) * 8));
  });
});

suite("HPACK decoder: header list limit", () => {
  test("a list at the limit passes, one over it is refused", () => {
    assert.equal(decoderOf(42 * 2).decode(hex("82 82")).length, 2);
    refuses(decoderOf(42 * 2 - 1), "82 82", "LIST_TOO_LARGE", /84 bytes exceeds the limit of 83/);
  });

  test("the table stays in step when the list is too large", () => {
    const decoder = decoderOf(60);
    refuses(decoder, "40 01 61 01 62 82 40 01 63 01 64", "LIST_TOO_LARGE");
    assert.deepEqual(decoder.decode(hex("be")), [{ name: "c", value: "d" }]);
    assert.deepEqual(decoder.decode(hex("bf")), [{ name: "a", value: "b" }]);
  });

  test("a small block that names a large entry many times is refused without building the list", () => {
    const decoder = decoderOf(16_384);
    decoder.decode(Buffer.concat([hex("40 01 61 7f 81 1e"), Buffer.alloc(127 + 0x81 - 0x80 + 0x1e * 128, 0x62)]));
    refuses(decoder, "be".repeat(100_000), "LIST_TOO_LARGE");
  });
});

suite("HPACK decoder: changesTable", () => {
  const cases: readonly [string, string, boolean][] = [
    ["static fields", "82 86 84", false],
    ["a literal without indexing", "04 01 61", false],
    ["a literal never indexed", "10 01 61 01 62", false],
    ["a literal with indexing", "40 01 61 01 62", true],
    ["a field of the dynamic table", "be", true],
    ["a name of the dynamic table", "0f 2f 01 63", true],
    ["a size update", "3f e1 1f 82", true],
  ];
  for (const [what, block, expected] of cases) {
    test(`${what}: ${expected}`, () => {
      const decoder = decoderOf();
      decoder.decode(hex("40 01 78 01 79"));
      decoder.decode(hex(block));
      assert.equal(decoder.changesTable, expected);
      decoder.decode(hex("82"));
      assert.equal(decoder.changesTable, false);
    });
  }

  test("tableVersion changes with the table, not with its use", () => {
    const decoder = decoderOf();
    const versions = ["40 01 78 01 79", "be", "0f 2f 01 63", "82", "3f e1 1f 82", "be"].map((block) => {
      decoder.decode(hex(block));
      return decoder.tableVersion;
    });
    assert.deepEqual(versions, [1, 1, 1, 1, 2, 2]);
  });

  test("fields of a table are the same object each time", () => {
    const decoder = decoderOf();
    const [inserted] = decoder.decode(hex("40 01 61 01 62"));
    const [method, found] = decoder.decode(hex("83 be"));
    assert.equal(found, inserted);
    assert.equal(decoder.decode(hex("83"))[0], method);
  });
});

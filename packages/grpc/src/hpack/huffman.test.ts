import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { HUFFMAN_CODES, HUFFMAN_LENGTHS } from "./huffman-code.ts";
import { decodeHuffman, encodeHuffman, huffmanMaxDecodedBytes, huffmanSizeBytes } from "./huffman.ts";

function encode(text: string): Buffer {
  const target = Buffer.alloc(huffmanSizeBytes(text));
  assert.equal(encodeHuffman(text, target, 0), target.length);
  return target;
}

function decode(coded: Uint8Array): string | undefined {
  const target = Buffer.alloc(huffmanMaxDecodedBytes(coded.length));
  const count = decodeHuffman(coded, 0, coded.length, target);
  return count < 0 ? undefined : target.toString("latin1", 0, count);
}

suite("Huffman coding", () => {
  test("codes are those of RFC 7541 appendix B", () => {
    // The code is complete (its lengths fill the code space), so a few codes of each kind pin the rest.
    const filled = HUFFMAN_LENGTHS.reduce((sum, length) => sum + 2 ** -length, 0);
    assert.equal(filled, 1);
    assert.equal(HUFFMAN_LENGTHS.length, 257);
    const known: readonly [number, number, number][] = [
      [0, 0x1ff8, 13],
      [0x20, 0x14, 6],
      [0x30, 0x0, 5],
      [0x7a, 0x7b, 7],
      [0x5c, 0x7fff0, 19],
      [0xff, 0x3ffffee, 26],
      [0x0a, 0x3ffffffc, 30],
      [0x16, 0x3ffffffe, 30],
      [256, 0x3fffffff, 30],
    ];
    for (const [symbol, code, length] of known) {
      assert.deepEqual([HUFFMAN_CODES[symbol], HUFFMAN_LENGTHS[symbol]], [code, length], `symbol ${symbol}`);
    }
  });

  test("strings of RFC 7541 appendix C come out as written there", () => {
    const examples: Readonly<Record<string, string>> = {
      "www.example.com": "f1e3c2e5f23a6ba0ab90f4ff",
      "no-cache": "a8eb10649cbf",
      "custom-value": "25a849e95bb8e8b4bf",
      "302": "6402",
      "Mon, 21 Oct 2013 20:13:21 GMT": "d07abe941054d444a8200595040b8166e082a62d1bff",
      "": "",
    };
    for (const [text, hex] of Object.entries(examples)) {
      assert.equal(encode(text).toString("hex"), hex);
      assert.equal(decode(Buffer.from(hex, "hex")), text);
    }
  });

  test("every octet survives alone and between others", () => {
    for (let octet = 0; octet < 256; octet++) {
      const one = String.fromCharCode(octet);
      for (const text of [one, `a${one}z`, one.repeat(9), `${one}\n${one}`]) assert.equal(decode(encode(text)), text);
    }
  });

  test("an end-of-string symbol inside a string is refused", () => {
    assert.equal(decode(Buffer.from("fffffffc", "hex")), undefined);
    assert.equal(decode(Buffer.from("fffffffffc", "hex")), undefined);
  });

  test("eight or more bits of padding are refused", () => {
    for (const hex of ["ff", "1fff", "1fffff", "ff9fffffff"]) {
      assert.equal(decode(Buffer.from(hex, "hex")), undefined, hex);
    }
    assert.equal(decode(Buffer.from("1f", "hex")), "a");
  });

  test("padding that is not the first bits of end-of-string is refused", () => {
    for (const hex of ["00", "1e", "18", "52bc30ffffffff"]) {
      assert.equal(decode(Buffer.from(hex, "hex")), undefined, hex);
    }
  });
});

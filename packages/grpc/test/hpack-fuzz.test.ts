import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fuzz } from "../../../scripts/fuzz-rounds.ts";
import { HpackDecoder, HpackEncoder, HpackError, type HeaderField } from "../src/hpack/index.ts";

/** A small generator with a seed, so that a failure can be run again (mulberry32). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof randomFrom>;

const NAMES = [":path", ":status", "content-type", "grpc-timeout", "grpc-status", "x-a", "x-b", "cookie", "etag", ""];

function randomText(random: Random, maxLength: number): string {
  const printable = random(3) > 0;
  return Array.from({ length: random(maxLength) }, () =>
    String.fromCharCode(printable ? 32 + random(95) : random(256)),
  ).join("");
}

function randomField(random: Random): HeaderField {
  const name = random(4) === 0 ? randomText(random, 40) : NAMES[random(NAMES.length)]!;
  const value = random(2) === 0 ? `value-${random(5)}` : randomText(random, random(30) === 0 ? 5000 : 60);
  return random(8) === 0 ? { name, value, sensitive: true } : { name, value };
}

function newDecoder(maxHeaderListBytes: number): HpackDecoder {
  return new HpackDecoder({ maxTableSizeBytes: 4096, maxHeaderListBytes });
}

function plain({ name, value }: HeaderField): [string, string] {
  return [name, value];
}

suite("HPACK fuzz", () => {
  test("any fields, over one connection with changing table sizes, come back as they were", async () => {
    await fuzz(20, (seed) => {
      const random = randomFrom(seed);
      const encoder = new HpackEncoder();
      const decoder = newDecoder(1_000_000);
      for (let block = 0; block < 200; block++) {
        if (random(10) === 0) encoder.setMaxTableSizeBytes(random(3) === 0 ? 0 : random(6000));
        const fields = Array.from({ length: random(12) }, () => randomField(random));
        const decoded = decoder.decode(encoder.encode(fields));
        assert.deepEqual(decoded.map(plain), fields.map(plain), `block ${block}`);
      }
    });
  });

  test("a decoder with a list limit stays in step with one without", async () => {
    await fuzz(10, (seed) => {
      const random = randomFrom(seed);
      const encoder = new HpackEncoder();
      const limited = newDecoder(400);
      for (let block = 0; block < 200; block++) {
        const fields = Array.from({ length: random(12) }, () => randomField(random));
        const listBytes = fields.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
        const bytes = encoder.encode(fields);
        if (listBytes <= 400) assert.deepEqual(limited.decode(bytes).map(plain), fields.map(plain));
        else
          assert.throws(
            () => limited.decode(bytes),
            (error) => HpackError.is(error, "LIST_TOO_LARGE"),
          );
      }
    });
  });

  test("any bytes decode or are refused with an HpackError", async () => {
    let decoded = 0;
    await fuzz(20, (seed) => {
      const random = randomFrom(seed);
      for (let round = 0; round < 500; round++) {
        const decoder = newDecoder(10_000);
        const block = Uint8Array.from({ length: random(80) }, () => random(256));
        decoded += countDecoded(decoder, block);
      }
    });
    assert.ok(decoded > 0, "some random blocks must be sound, or the generator tests one path only");
  });

  test("sound blocks with one octet changed decode or are refused with an HpackError", async () => {
    let refused = 0;
    await fuzz(10, (seed) => {
      const random = randomFrom(seed);
      for (let round = 0; round < 300; round++) {
        const encoder = new HpackEncoder();
        const block = encoder.encode(Array.from({ length: 1 + random(8) }, () => randomField(random)));
        block[random(block.length)] = random(256);
        refused += 1 - countDecoded(newDecoder(100_000), block);
      }
    });
    assert.ok(refused > 0);
  });
});

/** 1 when the block decodes, 0 when it is refused properly; anything else throws. */
function countDecoded(decoder: HpackDecoder, block: Uint8Array): number {
  try {
    for (const { name, value } of decoder.decode(block)) assert.ok(name.length + value.length >= 0);
    return 1;
  } catch (error) {
    if (HpackError.is(error)) return 0;
    throw error;
  }
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import type { GrpcError } from "../grpc-error.ts";
import { gunzip, gzip } from "./gzip.ts";

const MIB = 1024 * 1024;

test("what is packed unpacks to what it was", async () => {
  for (const text of ["", "x", "long ".repeat(10_000)]) {
    assert.equal((await gunzip(await gzip(Buffer.from(text)), 100_000)).toString(), text);
  }
});

test("a message may be as large as the limit, and not larger", async () => {
  const packed = gzipSync(Buffer.alloc(1000));
  assert.equal((await gunzip(packed, 1000)).length, 1000);
  for (const limitBytes of [999, 1, 0]) {
    await assert.rejects(gunzip(packed, limitBytes), {
      code: "RESOURCE_EXHAUSTED",
      message: `grpc: received message after decompression larger than max ${limitBytes}`,
    });
  }
});

test("a bomb is given up at the limit, not when it has unpacked", async () => {
  await assert.rejects(gunzip(gzipSync(Buffer.alloc(64 * MIB)), MIB), (error: GrpcError) => {
    assert.equal((error.cause as NodeJS.ErrnoException).code, "ERR_BUFFER_TOO_LARGE");
    return true;
  });
});

test("what is no gzip, or only the beginning of one, is INTERNAL", async () => {
  for (const bytes of [Buffer.from("plain"), Buffer.alloc(0), gzipSync("cut short").subarray(0, 15)]) {
    await assert.rejects(gunzip(bytes, MIB), { code: "INTERNAL" });
  }
});

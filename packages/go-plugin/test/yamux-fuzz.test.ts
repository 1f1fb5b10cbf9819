import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, it } from "node:test";
import { createStreamPair } from "@fairlead/grpc";
import { fuzz } from "../../../scripts/fuzz-rounds.ts";
import { createYamuxSession } from "../src/yamux/yamux-session.ts";
import { createRandom } from "./support/random.ts";
import { frameBytes, openYamuxPair } from "./support/raw-yamux.ts";

type Random = (below: number) => number;

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)]!;
}

/** Frames as a peer could send them, more or less; sometimes with a byte changed. */
function randomFrames(random: Random): Buffer {
  const frames = Array.from({ length: 1 + random(30) }, () => {
    const type = pick(random, [0, 0, 0, 1, 1, 2, 3, random(256)]);
    const flags = pick(random, [0, 0, 1, 1, 2, 4, 8, random(16), random(65_536)]);
    const streamId = pick(random, [0, 1, 1, 2, 3, 5, 7, 0xffff_ffff, random(2 ** 31)]);
    const length = pick(random, [0, 1, 100, 3_000, 262_144, 262_145, 0xffff_ffff, random(1_000)]);
    const payload = type === 0 && random(10) > 0 ? Buffer.alloc(Math.min(length, 4_000)) : Buffer.alloc(random(3));
    return frameBytes(type, flags, streamId, type === 0 ? Math.min(length, payload.length) : length, payload);
  });
  const bytes = Buffer.concat(frames);
  if (random(3) === 0) bytes[random(bytes.length)] = random(256);
  return bytes;
}

/** Uses a stream in some way. */
function useSomehow(stream: Duplex, random: Random): void {
  switch (random(6)) {
    case 0:
      stream.pipe(stream);
      break;
    case 1:
      stream.destroy();
      break;
    case 2:
      stream.end(Buffer.alloc(random(100_000)));
      break;
    case 3:
      stream.resume();
      break;
    case 4:
      stream.once("data", () => stream.pause());
      break;
    default:
      break;
  }
}

describe("yamux fuzz", () => {
  it("answers any input by frames or its end, holds nothing afterwards [mux:yamux]", { timeout: 600_000 }, async () => {
    await fuzz(300, async (seed) => {
      const random = createRandom(seed);
      const [ours, theirs] = createStreamPair();
      const side = pick(random, ["client", "server"] as const);
      const session = createYamuxSession(ours, { side, onStream: (stream) => useSomehow(stream, random) });
      theirs.on("error", () => {});
      if (random(4) > 0) theirs.resume();
      for (let turn = random(5); turn >= 0 && session.closeReason === undefined; turn--) {
        if (side === "client" && random(2) === 0) tryToOpen(() => useSomehow(session.openStream(), random));
        const bytes = randomFrames(random);
        const cut = random(bytes.length + 1);
        theirs.write(bytes.subarray(0, cut));
        if (random(2) === 0) await new Promise(setImmediate);
        theirs.write(bytes.subarray(cut));
        await new Promise(setImmediate);
      }
      session.destroy();
      await session.closed;
      assert.equal(session.streamCount, 0);
      theirs.destroy();
    });
  });

  it(
    "carries bodies whole, however they are written, read, and cut on the way [mux:yamux]",
    { timeout: 600_000 },
    async () => {
      await fuzz(15, async (seed) => {
        const random = createRandom(seed);
        const { client, server } = openYamuxPair({}, { onStream: (stream) => echoSomehow(stream, random) });
        const bodies = Array.from({ length: 1 + random(8) }, () => randomBytes(random(700_000)));
        await Promise.all(
          bodies.map(async (body) => {
            const stream = client.openStream();
            void writeSomehow(stream, body, random);
            assert.ok((await buffer(stream)).equals(body));
          }),
        );
        await client.close();
        await server.closed;
      });
    },
  );
});

function tryToOpen(open: () => void): void {
  try {
    open();
  } catch {
    // The peer asked for no more streams, or the session is over.
  }
}

function echoSomehow(stream: Duplex, random: Random): void {
  stream.on("data", (chunk: Buffer) => {
    const isRoomLeft = stream.write(chunk);
    if (isRoomLeft && random(4) > 0) return;
    stream.pause();
    if (isRoomLeft || random(2) === 0) setImmediate(() => stream.resume());
    else stream.once("drain", () => stream.resume());
  });
  stream.on("end", () => stream.end());
}

async function writeSomehow(stream: Duplex, body: Buffer, random: Random): Promise<void> {
  for (let at = 0; at < body.length;) {
    const sizeBytes = 1 + random(pick(random, [10, 1_000, 5_000, 100_000]) * 10);
    stream.write(body.subarray(at, at + sizeBytes));
    at += sizeBytes;
    if (random(3) === 0) await new Promise(setImmediate);
  }
  stream.end();
}

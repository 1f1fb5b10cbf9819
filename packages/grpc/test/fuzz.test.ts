// Never a hang, never an uncaught error, always an end with a proper one.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";

import { fuzz } from "../../../scripts/fuzz-rounds.ts";
import { FrameReader } from "../src/frames/frame-reader.ts";
import { CLIENT_PREFACE } from "../src/frames/frame-types.ts";
import { Http2Error } from "../src/frames/http2-error.ts";
import { HpackEncoder } from "../src/hpack/index.ts";
import { connectGrpc, createGrpcServer, createStreamPair, GrpcError } from "../src/index.ts";
import { MemoryBudget } from "../src/messages/memory-budget.ts";
import { MessageReader, readWholeMessages } from "../src/messages/message-reader.ts";
import { chat, countUp, echo, join, registerEcho } from "./fixtures/echo-service.ts";
import { Random } from "./fixtures/random.ts";
import { frame, message, requestFields, RESPONSE_HEAD } from "./fixtures/raw-peer.ts";

const ROUNDS = 400;

suite("fuzz", () => {
  test("frames come out the same however their bytes are cut", async () => {
    await fuzz(ROUNDS, (seed) => {
      const random = new Random(seed);
      const frames = Array.from({ length: 1 + random.below(12) }, () => randomFrame(random, 300));
      const seen: Buffer[] = [];
      const reader = new FrameReader({
        acceptsFrames: true,
        onFrame: (type, flags, streamId, bytes, start, end) =>
          seen.push(frame(type, flags, streamId, Buffer.from(bytes.subarray(start, end)))),
      });
      for (const piece of cut(random, Buffer.concat(frames))) {
        reader.receive(piece);
        // What was given may be reused at once.
        piece.fill(0xee);
      }
      assert.deepEqual(
        Buffer.concat(seen).toString("hex"),
        Buffer.concat(frames.map(withoutReservedBit)).toString("hex"),
      );
    });
  });

  test("messages come out the same however their bytes are cut", async () => {
    await fuzz(ROUNDS, (seed) => {
      const random = new Random(seed);
      const bodies = Array.from({ length: 1 + random.below(8) }, () => random.bytes(random.below(200)));
      const seen: Buffer[] = [];
      const limits = { maxReceiveBytes: 1000, budget: new MemoryBudget(100_000) };
      const sink = { acceptsMessages: true, onMessage: (body: Buffer) => seen.push(body) };
      const reader = new MessageReader(limits);
      for (const piece of cut(random, Buffer.concat(bodies.map((body) => message(body))))) {
        const start = reader.isInsideMessage ? 0 : readWholeMessages(piece, 0, piece.length, limits, sink);
        reader.read(piece, start, piece.length, sink);
        piece.fill(0xee);
      }
      assert.deepEqual(seen.map(String), bodies.map(String));
    });
  });

  test("bytes that are no messages end with a GrpcError or are waited for", async () => {
    await fuzz(ROUNDS, (seed) => {
      const random = new Random(seed);
      const limits = { maxReceiveBytes: 1000, budget: new MemoryBudget(5000) };
      const reader = new MessageReader(limits);
      try {
        for (let i = 0; i < 50; i++) {
          const piece = random.bytes(random.below(60));
          if (random.below(2) === 0 && piece.length > 0) piece[0] = 0;
          reader.read(piece, 0, piece.length, { acceptsMessages: true, onMessage: () => {} });
        }
      } catch (error) {
        assert.ok(GrpcError.is(error), String(error));
      }
    });
  });

  test("a server survives any client", async () => {
    const server = createGrpcServer({ maxReceiveBytes: 100_000 });
    registerEcho(server);
    await fuzz(ROUNDS, async (seed) => {
      const random = new Random(seed);
      const [near, far] = createStreamPair();
      server.accept(far);
      near.resume();
      near.on("error", () => {});
      const closed = new Promise((resolve) => far.on("close", resolve));
      if (random.below(20) > 0) near.write(CLIENT_PREFACE);
      await speak(random, near, requestBlocks());
      near.end();
      await closed;
    });
    await server.close();
  });

  test("a client survives any server, and every call settles", async () => {
    await fuzz(ROUNDS, async (seed) => {
      const random = new Random(seed);
      const [near, far] = createStreamPair();
      const client = connectGrpc(near, { maxReceiveBytes: 100_000 });
      far.resume();
      far.on("error", () => {});
      const calls = [
        client.unary(echo, "x"),
        client.unary(echo, "y", { deadlineMs: 5000 }),
        client.clientStream(join, ["a", "b"]),
        Array.fromAsync(client.serverStream(countUp, "3")),
        Array.fromAsync(client.bidi(chat)),
      ];
      const settled = Promise.allSettled(calls);
      await speak(random, far, responseBlocks());
      far.end();
      for (const result of await settled) {
        if (result.status === "rejected") assert.ok(GrpcError.is(result.reason), String(result.reason));
      }
      await client.closed;
      const { closeReason } = client;
      assert.ok(closeReason instanceof Http2Error || GrpcError.is(closeReason), String(closeReason));
    });
  });
});

/** Frames that are mostly sound, in an order that is mostly not, in pieces; now and then plain noise. */
async function speak(
  random: Random,
  stream: NodeJS.WritableStream & { destroyed?: boolean },
  blocks: readonly Buffer[],
): Promise<void> {
  const frames = [frame(4, 0, 0), frame(4, 1, 0)];
  const count = random.below(30);
  for (let i = 0; i < count; i++) frames.push(likelyFrame(random, blocks));
  const bytes = Buffer.concat(frames);
  if (random.below(4) === 0)
    for (let i = random.below(5); i > 0; i--) bytes[random.below(bytes.length)] = random.below(256);
  for (const piece of cut(random, bytes)) {
    if (stream.destroyed === true) return;
    stream.write(piece);
    if (random.below(3) === 0) await new Promise(setImmediate);
  }
}

function likelyFrame(random: Random, blocks: readonly Buffer[]): Buffer {
  const streamId = random.pick([1, 1, 3, 5, 7, 9, 0, 2, 11]);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return frame(1, random.pick([4, 4, 5, 0, 1, 0x0c, 0x24]), streamId, random.pick(blocks));
    case 3:
    case 4:
      return frame(
        0,
        random.pick([0, 1, 8]),
        streamId,
        random.pick([message("hi"), SMALL, SMALL.subarray(0, 15), BOMB, flagged(random.bytes(20)), Buffer.alloc(0)]),
      );
    case 5:
      return frame(3, 0, streamId, random.bytes(4));
    case 6:
      return frame(8, 0, streamId, random.pick([Buffer.from([0, 0, 1, 0]), random.bytes(4)]));
    case 7:
      return frame(4, random.below(2), 0, random.pick([Buffer.alloc(0), random.bytes(6)]));
    case 8:
      return frame(6, random.below(2), 0, Buffer.alloc(8));
    case 9:
      return frame(7, 0, 0, Buffer.concat([Buffer.from([0, 0, 0, random.below(8)]), random.bytes(8)]));
    case 10:
      return frame(9, random.pick([0, 4]), streamId, random.pick(blocks));
    default:
      return randomFrame(random, 40);
  }
}

const GZIP = { name: "grpc-encoding", value: "gzip" };

const SMALL = flagged(gzipSync("hi"));
/** Longer than what the fuzzed sides take. */
const BOMB = flagged(gzipSync(Buffer.alloc(1024 * 1024)));

function flagged(body: Uint8Array): Buffer {
  const bytes = message(body);
  bytes[0] = 1;
  return bytes;
}

function requestBlocks(): Buffer[] {
  const paths = [echo, join, countUp, chat, { path: "/no.Such/Method" }].map(({ path }) => path);
  return [[], [GZIP], [{ ...GZIP, value: "snappy" }]].flatMap((encoding) =>
    paths.map((path) => {
      const fields = requestFields([{ name: "grpc-timeout", value: "1m" }, ...encoding], path);
      return Buffer.from(new HpackEncoder().encode(fields));
    }),
  );
}

function responseBlocks(): Buffer[] {
  const ok = { name: "grpc-status", value: "0" };
  return [
    RESPONSE_HEAD,
    [...RESPONSE_HEAD, GZIP],
    [ok],
    [...RESPONSE_HEAD, ok],
    [{ name: ":status", value: "503" }],
    [{ name: ":status", value: "100" }],
  ].map((fields) => Buffer.from(new HpackEncoder().encode(fields)));
}

function randomFrame(random: Random, maxBytes: number): Buffer {
  const streamId = random.below(4) === 0 ? random.below(0x1_0000_0000) : random.below(10);
  return frame(random.below(12), random.below(256), streamId, random.bytes(random.below(maxBytes)));
}

function withoutReservedBit(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[5]! &= 0x7f;
  return copy;
}

function* cut(random: Random, bytes: Buffer): Generator<Buffer> {
  const step = random.pick([1, 7, 100, 100_000]);
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + random.below(step);
    yield Buffer.from(bytes.subarray(at, end));
    at = end;
  }
}

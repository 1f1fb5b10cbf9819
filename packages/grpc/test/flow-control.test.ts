import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { connectGrpc, createGrpcServer, createStreamPair, defineMethod, type GrpcServer } from "../src/index.ts";
import { FRAME_DATA, FRAME_WINDOW_UPDATE } from "../src/frames/frame-types.ts";
import { connectInMemory, connectOverSocket } from "./fixtures/connections.ts";
import { bytesCodec, chat, echo, registerEcho } from "./fixtures/echo-service.ts";
import {
  frame,
  message,
  RawPeer,
  requestFields,
  RESPONSE_HEAD,
  setting,
  uint32,
  type RawFrame,
} from "./fixtures/raw-peer.ts";

const MIB = 1024 * 1024;
const sink = defineMethod("client-streaming", "/test.Flow/Sink", bytesCodec, bytesCodec);
const source = defineMethod("server-streaming", "/test.Flow/Source", bytesCodec, bytesCodec);
/** Takes requests and reads none. */
const ignore = defineMethod("bidirectional", "/test.Flow/Ignore", bytesCodec, bytesCodec);

function registerFlow(server: GrpcServer): void {
  registerEcho(server);
  server.handleClientStream(sink, async (requests) => {
    let sizeBytes = 0;
    for await (const request of requests) sizeBytes += request.length;
    return Buffer.from(String(sizeBytes));
  });
  server.handleServerStream(source, async function* (request) {
    const count = Number(Buffer.from(request).toString());
    for (let i = 0; i < count; i++) yield Buffer.alloc(64 * 1024, i);
  });
  server.handleBidi(ignore, async function* (_requests, call) {
    await new Promise((resolve) => call.signal.addEventListener("abort", resolve, { once: true }));
    yield* [];
  });
}

suite("flow control", () => {
  test("64 MiB pass through the windows of a client stream, 64 MiB of a server stream", async () => {
    await using pair = await connectOverSocket({ register: registerFlow }, "caller");
    const answer = await pair.client.clientStream(sink, sixtyFourMib());
    assert.equal(Buffer.from(answer).toString(), String(64 * MIB));
    let received = 0;
    for await (const chunk of pair.client.serverStream(source, Buffer.from("1024"))) received += chunk.length;
    assert.equal(received, 64 * MIB);
  });

  test("one message of 64 MiB is put together", async () => {
    await using pair = await connectOverSocket({ register: registerFlow }, "stream");
    const answer = await pair.client.clientStream(sink, [Buffer.alloc(64 * MIB)]);
    assert.equal(Buffer.from(answer).toString(), String(64 * MIB));
  });

  test("a reader that stops makes the sender wait", async () => {
    await using pair = await connectInMemory({ register: registerFlow });
    const call = pair.client.bidi(ignore);
    let sentBytes = 0;
    const sending = (async () => {
      for (;;) {
        await call.send(Buffer.alloc(64 * 1024));
        sentBytes += 64 * 1024;
      }
    })();
    // Other calls still pass: that they do tells that the stalled one had its time.
    for (let i = 0; i < 50; i++) await pair.client.unary(echo, "x");
    assert.ok(sentBytes <= MIB, `${sentBytes} bytes were sent to a reader that reads none`);
    call.cancel();
    await assert.rejects(sending, { code: "CANCELLED" });
  });

  test("twenty stalled streams do not stall the others", async () => {
    await using pair = await connectInMemory({ register: registerFlow });
    const stalled = Array.from({ length: 20 }, () => pair.client.bidi(ignore));
    const sending = stalled.map(async (call) => {
      for (;;) await call.send(Buffer.alloc(256 * 1024));
    });
    const settled = Promise.allSettled(sending);
    const chunks = Array.from({ length: 32 }, () => Buffer.alloc(MIB));
    const answer = await pair.client.clientStream(sink, chunks);
    assert.equal(Buffer.from(answer).toString(), String(32 * MIB));
    for (const call of stalled) call.cancel();
    await settled;
  });

  test("what a cancelled stream had unread no longer counts against the connection", async () => {
    await using pair = await connectInMemory({ register: registerFlow });
    for (let round = 0; round < 3; round++) {
      const stalled = Array.from({ length: 20 }, () => pair.client.bidi(ignore));
      await Promise.all(stalled.map((call) => call.send(Buffer.alloc(MIB - 5))));
      for (const call of stalled) call.cancel();
    }
    const chunks = Array.from({ length: 32 }, () => Buffer.alloc(MIB));
    const answer = await pair.client.clientStream(sink, chunks, { deadlineMs: 15_000 });
    assert.equal(Buffer.from(answer).toString(), String(32 * MIB));
  });

  test("a slow reader of a server stream holds the server back", async () => {
    let produced = 0;
    const register = (server: GrpcServer): void =>
      server.handleServerStream(source, async function* () {
        for (; ; produced++) yield Buffer.alloc(64 * 1024);
      });
    await using pair = await connectInMemory({ register: (server) => (registerEcho(server), register(server)) });
    const chunks = pair.client.serverStream(source, Buffer.alloc(0))[Symbol.asyncIterator]();
    await chunks.next();
    for (let i = 0; i < 50; i++) await pair.client.unary(echo, "x");
    const before = produced;
    assert.ok(before <= 20, `${before} messages of 64 KiB were produced for a reader of one`);
    for (let i = 0; i < 40; i++) await chunks.next();
    assert.ok(produced > before);
    await chunks.return?.();
  });

  test("the peer's initial window is kept to, lowered and raised", async () => {
    const [near, far] = createStreamPair();
    const peer = new RawPeer(far, "server", setting(4, 10));
    const client = connectGrpc(near);
    await peer.find((seen) => seen.type === 4 && seen.flags === 1);
    const call = client.bidi(chat);
    const sent = call.send("x".repeat(95));
    const dataBytes = (): number =>
      peer.frames.filter((seen) => seen.type === FRAME_DATA).reduce((sum, seen) => sum + seen.payload.length, 0);
    await peer.find((seen) => seen.type === FRAME_DATA);
    assert.equal(dataBytes(), 10);
    // 10 were used: with an initial window of 4 the stream is 6 below zero (RFC 9113 §6.9.2).
    peer.send(frame(4, 0, 0, setting(4, 4)), frame(FRAME_WINDOW_UPDATE, 0, 1, uint32(26)));
    await peer.find((seen) => seen.type === FRAME_DATA && seen.payload.length === 20);
    assert.equal(dataBytes(), 30);
    peer.send(frame(4, 0, 0, setting(4, 1000)));
    await sent;
    await peer.find((seen) => seen.type === FRAME_DATA && seen.payload.length === 70);
    client.destroy();
    await client.closed;
  });

  test("all streams together keep to the connection's window, and take turns in it", async () => {
    const [near, far] = createStreamPair();
    const peer = new RawPeer(far, "server", setting(4, 10 * MIB));
    const client = connectGrpc(near);
    await peer.find((seen) => seen.type === 4 && seen.flags === 1);
    const calls = [1, 2].map(() => client.bidi(chat));
    const sent = calls.map((call) => call.send("x".repeat(MIB)));
    const dataBytes = (streamId: number): number =>
      peer.frames
        .filter((seen) => seen.type === FRAME_DATA && seen.streamId === streamId)
        .reduce((sum, seen) => sum + seen.payload.length, 0);
    peer.send(frame(6, 0, 0, Buffer.alloc(8)));
    await peer.find((seen) => seen.type === 6);
    assert.equal(dataBytes(1) + dataBytes(3), 65_535);
    peer.send(frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(100_000)), frame(6, 0, 0, Buffer.alloc(8, 1)));
    await peer.find((seen) => seen.type === 6 && seen.payload[0] === 1);
    assert.equal(dataBytes(1) + dataBytes(3), 165_535);
    assert.ok(dataBytes(3) >= 49_152, "the second stream got its turns");
    peer.send(frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(10 * MIB)));
    await Promise.all(sent);
    client.destroy();
    await client.closed;
  });

  test("the stream window is given back only as messages are read", async () => {
    const [near, far] = createStreamPair();
    const peer = new RawPeer(far, "server");
    const client = connectGrpc(near);
    const call = client.bidi(chat);
    await peer.find((seen) => seen.streamId === 1);
    peer.headers(1, RESPONSE_HEAD);
    const body = message("y".repeat(16_379));
    for (let i = 0; i < 40; i++) peer.data(1, body);
    peer.send(frame(6, 0, 0, Buffer.alloc(8)));
    await peer.find((seen) => seen.type === 6);
    assert.equal(peer.frames.some(isCredit), false);
    const answers = call[Symbol.asyncIterator]();
    for (let i = 0; i < 40; i++) await answers.next();
    await peer.find(isCredit);
    client.destroy();
    await client.closed;
  });

  for (const [name, sizeBytes] of [
    ["empty", 0],
    ["tiny", 1],
  ] as const) {
    test(`${name} messages nobody reads are held back, and count for what they cost`, async () => {
      const [near, far] = createStreamPair();
      const server = createGrpcServer();
      registerFlow(server);
      server.accept(far);
      const peer = new RawPeer(near, "client");
      const one = message(Buffer.alloc(sizeBytes));
      const many = Buffer.concat(Array.from({ length: Math.floor(16_384 / one.length) }, () => one));
      // More than half the connection's window, of which two streams' worth are all that may wait.
      for (const streamId of [1, 3, 5, 7, 9]) {
        peer.headers(streamId, requestFields([], ignore.path));
        for (let i = 0; i < 60; i++) peer.data(streamId, many);
      }
      peer.headers(11, requestFields());
      peer.data(11, message("later"), true);
      await peer.find((seen) => seen.type === FRAME_DATA && seen.streamId === 11);
      const credits = peer.frames.filter((seen) => seen.type === FRAME_WINDOW_UPDATE);
      // Only the one that opens the connection's window.
      assert.deepEqual(
        credits.map((seen) => seen.streamId),
        [0],
      );
      server.destroy();
      await peer.ended;
    });
  }

  test("closed windows do not keep a deadline from ending the call", async () => {
    await using pair = await connectInMemory({ register: registerFlow });
    const call = pair.client.bidi(ignore, { deadlineMs: 50 });
    const sending = (async () => {
      for (;;) await call.send(Buffer.alloc(256 * 1024));
    })();
    await assert.rejects(sending, { code: "DEADLINE_EXCEEDED" });
  });
});

function* sixtyFourMib(): Generator<Uint8Array, void> {
  for (let i = 0; i < 1024; i++) yield Buffer.alloc(64 * 1024);
}

function isCredit(seen: RawFrame): boolean {
  return seen.type === FRAME_WINDOW_UPDATE && seen.streamId === 1;
}

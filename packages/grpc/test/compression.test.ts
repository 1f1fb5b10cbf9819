// Messages packed with gzip, both ways: what is accepted, in which order it arrives, and what a bomb may do.
import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";

import { fuzz } from "../../../scripts/fuzz-rounds.ts";
import {
  connectGrpc,
  createGrpcServer,
  createStreamPair,
  defineMethod,
  GrpcError,
  type CallOptions,
  type ClientOptions,
  type ServerCall,
  type ServerOptions,
} from "../src/index.ts";
import {
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_RST_STREAM,
  FRAME_WINDOW_UPDATE,
} from "../src/frames/frame-types.ts";
import { DeadlineQueue } from "../src/calls/deadline-queue.ts";
import { Inflater, InflateLine } from "../src/messages/inflater.ts";
import { MemoryBudget } from "../src/messages/memory-budget.ts";
import { heldSizeOf } from "../src/messages/message-reader.ts";
import { Routes } from "../src/server/routes.ts";
import { ServerSession } from "../src/server/server-session.ts";
import { connectInMemory } from "./fixtures/connections.ts";
import { chat, countUp, echo, join, registerEcho, textCodec } from "./fixtures/echo-service.ts";
import { Random } from "./fixtures/random.ts";
import { frame, message, RawPeer, requestFields, RESPONSE_HEAD, uint32 } from "./fixtures/raw-peer.ts";

const MIB = 1024 * 1024;
const GZIP = { name: "grpc-encoding", value: "gzip" };
const OK = { name: "grpc-status", value: "0" };
const LONG = "all work and no play ".repeat(1000);

const packed = defineMethod("unary", "/test.Echo/Packed", textCodec, textCodec);
const packedStream = defineMethod("server-streaming", "/test.Echo/PackedStream", textCodec, textCodec);
const sizes = defineMethod("client-streaming", "/test.Echo/Sizes", textCodec, textCodec);
const slow = defineMethod("bidirectional", "/test.Echo/Slow", textCodec, textCodec);
/** Reads one request and answers at the end of the call. */
const leave = defineMethod("client-streaming", "/test.Echo/Leave", textCodec, textCodec);

function flagged(body: Uint8Array, flag = 1): Buffer {
  const bytes = message(body);
  bytes[0] = flag;
  return bytes;
}

function packedMessage(text: string | Uint8Array): Buffer {
  return flagged(gzipSync(text));
}

function connect() {
  return connectInMemory({
    register: (server) => {
      registerEcho(server);
      server.handleUnary(packed, (request, call) => {
        assert.ok(call.compressResponses());
        return request;
      });
      server.handleServerStream(packedStream, async function* (request, call) {
        call.compressResponses();
        for (let i = 0; i < 50; i++) yield i % 2 === 0 ? request : "short";
      });
    },
  });
}

function serve(options: ServerOptions = {}) {
  const server = createGrpcServer(options);
  registerEcho(server);
  server.handleClientStream(sizes, async (requests) => {
    const lengths: number[] = [];
    for await (const request of requests) lengths.push(request.length);
    return lengths.join();
  });
  server.handleClientStream(leave, async (requests, call) => {
    for await (const _first of requests) break;
    await new Promise((resolve) => {
      call.signal.addEventListener("abort", resolve, { once: true });
    });
    return "";
  });
  server.handleBidi(slow, async function* (_requests, call) {
    yield "waiting";
    await new Promise((resolve) => {
      call.signal.addEventListener("abort", resolve, { once: true });
    });
  });
  const [near, far] = createStreamPair();
  server.accept(far);
  const peer = new RawPeer(near, "client");
  return { peer, server, [Symbol.dispose]: () => server.destroy() };
}

async function answer(peer: RawPeer, streamId = 1): Promise<Record<string, string>> {
  await peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === streamId && isEnd(seen.flags));
  return Object.assign({}, ...peer.headersOf(streamId)) as Record<string, string>;
}

function isEnd(flags: number): boolean {
  return (flags & FLAG_END_STREAM) !== 0;
}

function dial(options: ClientOptions = {}) {
  const [near, far] = createStreamPair();
  const peer = new RawPeer(far, "server");
  const client = connectGrpc(near, options);
  return { peer, client, stream: far, [Symbol.dispose]: () => client.destroy() };
}

async function request(peer: RawPeer, streamId = 1): Promise<Record<string, string>> {
  await peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === streamId);
  return peer.headersOf(streamId)[0]!;
}

suite("our client and our server", () => {
  const compress: CallOptions = { compress: "gzip" };

  test("packed requests arrive whole, of all four kinds and in their order", async () => {
    await using pair = await connect();
    const parts = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? LONG : `${i}`));
    assert.equal(await pair.client.unary(echo, LONG, compress), LONG);
    assert.equal(await pair.client.unary(echo, "", compress), "");
    assert.deepEqual(await Array.fromAsync(pair.client.serverStream(countUp, "3", compress)), ["0", "1", "2"]);
    assert.equal(await pair.client.clientStream(join, parts, compress), parts.join());
    const call = pair.client.bidi(chat, compress);
    // Not awaited one by one: the order is the call's to keep.
    const sent = Promise.all(parts.map((part) => call.send(part))).then(() => call.end());
    assert.deepEqual(await Array.fromAsync(call), parts);
    await sent;
  });

  test("packed responses arrive whole and in their order", async () => {
    await using pair = await connect();
    assert.equal(await pair.client.unary(packed, LONG), LONG);
    const answers = await Array.fromAsync(pair.client.serverStream(packedStream, LONG));
    assert.deepEqual(
      answers,
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? LONG : "short")),
    );
  });

  test("many packed calls at once get their own answers", async () => {
    await using pair = await connect();
    const texts = Array.from({ length: 300 }, (_, i) => `${i} ${LONG}`);
    assert.deepEqual(await Promise.all(texts.map((text) => pair.client.unary(packed, text, compress))), texts);
  });

  test("a packed call can be cancelled while it is packed", async () => {
    await using pair = await connect();
    const abort = new AbortController();
    const call = pair.client.unary(packed, LONG.repeat(100), { ...compress, signal: abort.signal });
    abort.abort();
    await assert.rejects(call, { code: "CANCELLED" });
    assert.equal(await pair.client.unary(packed, "next", compress), "next");
  });

  test("a response that is too late to be packed says so", async () => {
    await using pair = await connectInMemory({
      register: (server) =>
        server.handleServerStream(packedStream, async function* (request, call) {
          yield request;
          call.compressResponses();
        }),
    });
    await assert.rejects(Array.fromAsync(pair.client.serverStream(packedStream, "")), { code: "INTERNAL" });
  });
});

suite("a client that packs", () => {
  test("has packed and plain messages of one stream taken in their order, cut anywhere", async () => {
    using host = serve();
    host.peer.headers(1, requestFields([GZIP], sizes.path));
    const bytes = Buffer.concat([
      packedMessage("a"),
      message("bb"),
      packedMessage("c".repeat(100_000)),
      message(""),
      packedMessage(""),
    ]);
    for (let at = 0; at < bytes.length; at += 7) host.peer.data(1, bytes.subarray(at, at + 7), at + 7 >= bytes.length);
    await answer(host.peer);
    assert.equal(host.peer.headersOf(1)[0]?.["grpc-accept-encoding"], "identity,gzip");
    const data = await host.peer.find((seen) => seen.type === FRAME_DATA && seen.streamId === 1);
    assert.equal(data.payload.subarray(5).toString(), "1,2,100000,0,0");
  });

  for (const [name, fields, body, status] of [
    ["a flag without an encoding", [], packedMessage("x"), "13"],
    ["a flag with identity", [{ name: "grpc-encoding", value: "identity" }], packedMessage("x"), "13"],
    ["a flag that is none", [GZIP], flagged(gzipSync("x"), 2), "13"],
    ["what is no gzip", [GZIP], flagged(Buffer.from("not packed")), "13"],
    ["a gzip that is cut short", [GZIP], flagged(gzipSync(LONG).subarray(0, 30)), "13"],
    ["nothing, packed", [GZIP], flagged(new Uint8Array()), "13"],
    ["an encoding we do not know", [{ name: "grpc-encoding", value: "br" }], packedMessage("x"), "12"],
    ["a bomb", [GZIP], packedMessage(Buffer.alloc(2 * MIB)), "8"],
  ] as const) {
    test(`is refused ${name}`, async () => {
      using host = serve({ maxReceiveBytes: MIB });
      host.peer.headers(1, requestFields(fields));
      host.peer.data(1, body, true);
      const trailers = await answer(host.peer);
      assert.equal(trailers["grpc-status"], status);
      if (status === "12") assert.equal(trailers["grpc-accept-encoding"], "identity,gzip");
      host.peer.headers(3, requestFields());
      host.peer.data(3, message("still here"), true);
      assert.equal((await answer(host.peer, 3))["grpc-status"], "0");
    });
  }

  for (const [name, body] of [
    ["no gzip", flagged(Buffer.from("not packed"))],
    ["a flag that is none", flagged(gzipSync("x"), 2)],
    ["too large", Buffer.from([0, 0xff, 0, 0, 0])],
  ] as const) {
    test(`ends the handler of a stream with a message that is ${name}`, async () => {
      using host = serve();
      const aborted = Promise.withResolvers<unknown>();
      const wait = defineMethod("bidirectional", "/test.Echo/Wait", textCodec, textCodec);
      host.server.handleBidi(wait, async function* (_requests, call) {
        call.signal.addEventListener("abort", () => aborted.resolve(call.signal.reason), { once: true });
        await aborted.promise;
        yield* [];
      });
      host.peer.headers(1, requestFields([GZIP], wait.path));
      host.peer.data(1, body);
      const trailers = await answer(host.peer);
      assert.ok(GrpcError.is(await aborted.promise));
      assert.notEqual(trailers["grpc-status"], "0");
    });
  }

  test("may not fill the memory with many small bombs that nobody reads", async () => {
    using host = serve({ maxReceiveBytes: 4 * MIB });
    const bomb = packedMessage(Buffer.alloc(3 * MIB));
    for (let streamId = 1; streamId <= 9; streamId += 2) {
      host.peer.headers(streamId, requestFields([GZIP], slow.path));
      for (let i = 0; i < 20; i++) host.peer.data(streamId, bomb);
    }
    // Budget: 8 MiB. Two streams hold one message each and wait, the third exceeds it.
    await host.peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === 5 && isEnd(seen.flags));
    assert.equal(host.peer.headersOf(5).at(-1)?.["grpc-status"], "8");
    assert.equal(host.peer.headersOf(1).length, 1);
    host.peer.headers(11, requestFields());
    host.peer.data(11, message("still here"), true);
    assert.equal((await answer(host.peer, 11))["grpc-status"], "0");
  });

  test("may send a million empty messages behind a packed one that nobody reads", async () => {
    using host = serve();
    host.peer.headers(1, requestFields([GZIP], leave.path));
    host.peer.data(1, message("the one that is read"));
    host.peer.data(1, packedMessage(Buffer.alloc(8 * MIB)));
    // As many as the window lets through: they pass while the packed one is unpacked.
    for (let i = 0; i < 60; i++) host.peer.data(1, Buffer.alloc(16_380));
    host.peer.headers(3, requestFields([GZIP]));
    host.peer.data(3, packedMessage("still here"), true);
    assert.equal((await answer(host.peer, 3))["grpc-status"], "0");
  });

  test("is held back by its window while packed messages wait", async () => {
    using host = serve();
    host.peer.headers(1, requestFields([GZIP], slow.path));
    const random = Buffer.from(Array.from({ length: 15_000 }, (_, i) => (i * 7919 + (i >> 3) * 104_729) & 0xff));
    const part = flagged(gzipSync(random, { level: 0 }));
    const parts = Math.floor(MIB / part.length);
    for (let i = 0; i < parts; i++) host.peer.data(1, part);
    await host.peer.find((seen) => seen.type === FRAME_DATA && seen.streamId === 1);
    // A whole round trip later nothing was given back to the stream.
    host.peer.headers(3, requestFields());
    host.peer.data(3, message("later"), true);
    await answer(host.peer, 3);
    const credits = host.peer.frames.filter((seen) => seen.type === FRAME_WINDOW_UPDATE && seen.streamId === 1);
    const creditedBytes = credits.reduce((sum, seen) => sum + seen.payload.readUInt32BE(), 0);
    assert.ok(creditedBytes <= MIB / 2, `${creditedBytes} bytes were given back`);
  });
});

suite("a server that packs", () => {
  test("is told that gzip is welcome", async () => {
    using pair = dial();
    const call = pair.client.unary(echo, "x");
    const fields = await request(pair.peer);
    assert.equal(fields["grpc-accept-encoding"], "identity,gzip");
    assert.equal(fields["grpc-encoding"], undefined);
    pair.peer.headers(1, [...RESPONSE_HEAD, GZIP]);
    pair.peer.data(1, packedMessage(LONG));
    pair.peer.headers(1, [OK], true);
    assert.equal(await call, LONG);
  });

  test("may end the call and the connection right after what it packed", async () => {
    using pair = dial();
    const call = pair.client.bidi(chat);
    const answers = Array.fromAsync(call);
    await request(pair.peer);
    pair.peer.headers(1, [...RESPONSE_HEAD, GZIP]);
    for (let i = 0; i < 10; i++) pair.peer.data(1, packedMessage(`${i} ${LONG}`));
    pair.peer.headers(1, [OK], true);
    pair.stream.end();
    assert.deepEqual(
      await answers,
      Array.from({ length: 10 }, (_, i) => `${i} ${LONG}`),
    );
  });

  test("cannot pass what is too large, or no gzip", async () => {
    for (const [body, code] of [
      [packedMessage(Buffer.alloc(2 * MIB)), "RESOURCE_EXHAUSTED"],
      [flagged(Buffer.from("no gzip")), "INTERNAL"],
    ] as const) {
      using pair = dial({ maxReceiveBytes: MIB });
      const call = pair.client.unary(echo, "x");
      await request(pair.peer);
      pair.peer.headers(1, [...RESPONSE_HEAD, GZIP]);
      pair.peer.data(1, body);
      pair.peer.headers(1, [OK], true);
      await assert.rejects(call, { code });
    }
  });

  test("is not read faster than the caller reads", async () => {
    using pair = dial({ maxReceiveBytes: 4 * MIB });
    const stream = pair.client.serverStream(countUp, "");
    const reader = stream[Symbol.asyncIterator]() as AsyncIterator<string, undefined>;
    await request(pair.peer);
    pair.peer.headers(1, [...RESPONSE_HEAD, GZIP]);
    // 30 MiB unpacked, far above the budget of 8 MiB: only what is read is unpacked.
    for (let i = 0; i < 15; i++) pair.peer.data(1, packedMessage(Buffer.alloc(2 * MIB, 65)));
    pair.peer.headers(1, [OK], true);
    // Time enough to unpack them all.
    await delay(100);
    for (let i = 0; i < 15; i++) assert.equal((await reader.next()).value?.length, 2 * MIB);
    assert.equal((await reader.next()).done, true);
  });

  test("leaves behind what nobody read without burdening later calls", async () => {
    using pair = dial({ maxReceiveBytes: MIB });
    const part = Buffer.alloc(600 * 1024, 65);
    const start = async (streamId: number): Promise<AsyncIterator<string, undefined>> => {
      const call = pair.client.serverStream(countUp, "")[Symbol.asyncIterator]() as AsyncIterator<string, undefined>;
      await request(pair.peer, streamId);
      pair.peer.headers(streamId, [...RESPONSE_HEAD, GZIP]);
      for (let count = 0; count < 2; count++) pair.peer.data(streamId, packedMessage(part));
      return call;
    };
    for (let streamId = 1; streamId < 20; streamId += 4) {
      // One is left while a plain message waits behind packed ones, one ends and is not read.
      const left = await start(streamId);
      pair.peer.data(streamId, message("waits behind them ".repeat(900)));
      await left.next();
      await left.return!();
      const unread = await start(streamId + 2);
      pair.peer.headers(streamId + 2, [{ name: "grpc-status", value: "10" }], true);
      await unread.next();
    }
    const last = await start(21);
    pair.peer.headers(21, [{ name: "grpc-status", value: "10" }], true);
    for (let i = 0; i < 2; i++) assert.equal((await last.next()).value?.length, part.length);
    await assert.rejects(last.next(), { code: "ABORTED" });
  });

  test("that packs one way is not packed to, unless the call says so", async () => {
    using pair = dial();
    const call = pair.client.unary(echo, LONG, { compress: "gzip" });
    const fields = await request(pair.peer);
    assert.equal(fields["grpc-encoding"], "gzip");
    const data = await pair.peer.find((seen) => seen.type === FRAME_DATA && seen.streamId === 1);
    assert.equal(data.payload[0], 1);
    assert.ok(data.payload.length < LONG.length / 10);
    pair.peer.headers(1, [...RESPONSE_HEAD, { name: "grpc-status", value: "5" }], true);
    await assert.rejects(call, (error) => GrpcError.is(error, "NOT_FOUND"));
  });
});

suite("fuzz of what unpacks", () => {
  test("messages and events keep their order and their memory, however they are read", async () => {
    await fuzz(150, async (seed) => {
      const random = new Random(seed);
      const budget = new MemoryBudget(64 * MIB);
      const sent: string[] = [];
      const seen: string[] = [];
      const untaken: number[] = [];
      const finished = Promise.withResolvers<void>();
      let isOver = false;
      const target = {
        get acceptsMessages() {
          return !isOver;
        },
        onMessage(body: Buffer): void {
          seen.push(body.toString());
          untaken.push(heldSizeOf(body));
        },
        onBadMessage(error: GrpcError): void {
          seen.push(error.code);
          isOver = true;
          finished.resolve();
        },
      };
      let heldBytes = 0;
      const inflater = new Inflater(
        target,
        {
          limits: { maxReceiveBytes: 2 * MIB, budget },
          line: new InflateLine(),
          hold: (sizeBytes) => (heldBytes += sizeBytes),
          release: (sizeBytes) => (heldBytes -= sizeBytes),
          onFault: (error) => assert.fail(String(error)),
        },
        true,
      );
      const takeAll = (): void => {
        for (const sizeBytes of untaken.splice(0)) inflater.onTaken(sizeBytes);
      };
      const breaks = random.below(4) === 0;
      for (let i = random.below(20); i >= 0; i--) {
        const body = random.pick(["", "x", "y".repeat(random.below(5000)), "z".repeat(MIB)]);
        sent.push(body);
        if (random.below(2) === 0) inflater.onMessage(Buffer.from(body));
        else inflater.onCompressedMessage(gzipSync(body));
        if (random.below(3) === 0) await new Promise(setImmediate);
        if (random.below(3) === 0) takeAll();
      }
      if (breaks) {
        sent.push("INTERNAL");
        inflater.onCompressedMessage(random.bytes(random.below(30)));
      } else inflater.inOrder(() => finished.resolve());
      const reading = setInterval(takeAll, 1);
      await finished.promise;
      clearInterval(reading);
      assert.deepEqual(
        seen.map((text) => text.length),
        sent.map((text) => text.length),
      );
      assert.deepEqual(seen, sent);
      takeAll();
      inflater.close();
      assert.equal(heldBytes, 0);
      assert.ok(budget.take(64 * MIB));
    });
  });

  test("calls that are cut, reset and left leave nothing in the connection's budget", async () => {
    await fuzz(40, async (seed) => {
      const random = new Random(seed);
      const { session, peer } = startSession();
      const { budget } = session.limits;
      const open = Array.from({ length: 1 + random.below(8) }, (_, i) => 2 * i + 1);
      const streamIds = [...open];
      for (const streamId of open) {
        const { path } = random.pick([echo, packed, chat, join, sizes, leave]);
        peer.headers(streamId, requestFields([GZIP], path));
      }
      for (let i = 0; i < 50 && open.length > 0; i++) {
        const streamId = random.pick(open);
        const bytes = anyMessage(random);
        const cutBytes = 1 + random.below(16_000);
        for (let at = 0; at < bytes.length; at += cutBytes) peer.data(streamId, bytes.subarray(at, at + cutBytes));
        if (random.below(10) === 0) {
          peer.data(streamId, new Uint8Array(), true);
          open.splice(open.indexOf(streamId), 1);
        }
        if (random.below(4) === 0) await new Promise(setImmediate);
      }
      peer.send(...streamIds.map((streamId) => frame(FRAME_RST_STREAM, 0, streamId, uint32(8))));
      peer.send(frame(FRAME_PING, 0, 0, Buffer.alloc(8)));
      await peer.find((seen) => seen.type === FRAME_PING);
      assert.equal(session.acceptsFrames, true);
      // Handlers and what is being unpacked come to their end.
      for (let turn = 0; !budget.take(budget.limitBytes); turn++) {
        assert.ok(turn < 500, "some of the budget never came back");
        await delay(1);
      }
      session.destroy();
      await session.closed;
    });
  });
});

function anyMessage(random: Random): Buffer {
  const body = Buffer.from(random.pick(["", "x", "y".repeat(random.below(5000)), "z".repeat(MIB / 4)]));
  if (random.below(10) === 0) return flagged(random.bytes(random.below(40)), 1 + random.below(2));
  return random.below(2) === 0 ? message(body) : packedMessage(body);
}

async function untilCut({ signal }: ServerCall): Promise<string> {
  if (!signal.aborted) await once(signal, "abort");
  return "";
}

function startSession(): { session: ServerSession; peer: RawPeer } {
  const routes = new Routes();
  registerEcho({
    handleUnary: (method, handler) => routes.add("unary", method, handler),
    handleServerStream: (method, handler) => routes.add("server-streaming", method, handler),
    handleClientStream: (method, handler) => routes.add("client-streaming", method, handler),
    handleBidi: (method, handler) => routes.add("bidirectional", method, handler),
  });
  routes.add("client-streaming", leave, async (requests: AsyncIterable<string>, call: ServerCall) => {
    for await (const _first of requests) break;
    return await untilCut(call);
  });
  routes.add("client-streaming", sizes, (_unread: AsyncIterable<string>, call: ServerCall) => untilCut(call));
  routes.add("unary", packed, (_request: string, call: ServerCall) => untilCut(call));
  const [near, stream] = createStreamPair();
  const session = new ServerSession({
    stream,
    readsStream: true,
    routes,
    deadlines: new DeadlineQueue(),
    maxReceiveBytes: MIB,
    maxSendBytes: MIB,
    maxConcurrentStreams: 100,
    prefaceTimeoutMs: 20_000,
    keepAlive: undefined,
  });
  return { session, peer: new RawPeer(near, "client") };
}

// A GiB each way past a reader that is slower than its writer: what is under way at any moment is bounded, and so is the
// memory of the process that is both ends. Slow means that the reader lets the event loop turn before it takes the next
// message; nobody sleeps.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { defineMethod, type GrpcServer } from "../src/index.ts";
import { connectInMemory, connectOverSocket, type ConnectOptions, type Connected } from "./fixtures/connections.ts";
import { bytesCodec, echo, registerEcho } from "./fixtures/echo-service.ts";
import { usedMemoryBytes } from "./fixtures/used-memory.ts";

const MIB = 1024 * 1024;
const TOTAL_BYTES = 1024 * MIB;
const MESSAGE_BYTES = 64 * 1024;
/** The stream's window, which is what flow control lets pass unread. */
const WINDOW_BYTES = MIB;
/** What may be on its way besides: the messages that the two ends have in their hands. */
const IN_HAND_BYTES = 4 * MESSAGE_BYTES;
/** A quarter of what passes: a collector that takes its time leaves messages lying that were long taken. */
const MAX_GROWTH_BYTES = 256 * MIB;

const upload = defineMethod("client-streaming", "/test.Pressure/Upload", bytesCodec, bytesCodec);
const download = defineMethod("server-streaming", "/test.Pressure/Download", bytesCodec, bytesCodec);
/** Takes requests and reads none, answers without end. */
const stall = defineMethod("bidirectional", "/test.Pressure/Stall", bytesCodec, bytesCodec);

const TRANSPORTS: readonly (readonly [string, (options: ConnectOptions) => Promise<Connected>])[] = [
  ["in memory", connectInMemory],
  ["over a unix socket", (options) => connectOverSocket(options, "stream")],
  ["over a unix socket read by its owner", (options) => connectOverSocket(options, "caller")],
];

/** Counts what was handed out and not yet taken in. */
class Gauge {
  peakUnderWayBytes = 0;
  peakMemoryBytes = 0;
  takenBytes = 0;
  /** Answers of the stalled stream. */
  answeredBytes = 0;
  #sentBytes = 0;
  /** Made once, each with its number: whoever mixes messages up is found out. */
  readonly #messages = Array.from({ length: 64 }, (_, i) => Buffer.alloc(MESSAGE_BYTES, i));

  *messages(totalBytes: number): Generator<Uint8Array, void> {
    for (let i = 0; this.#sentBytes < totalBytes; i++) {
      this.#sentBytes += MESSAGE_BYTES;
      this.peakUnderWayBytes = Math.max(this.peakUnderWayBytes, this.#sentBytes - this.takenBytes);
      if (i % 256 === 0) this.peakMemoryBytes = Math.max(this.peakMemoryBytes, process.memoryUsage.rss());
      yield this.#messages[i % 64]!;
    }
  }

  async take(messages: AsyncIterable<Uint8Array>): Promise<void> {
    let count = 0;
    for await (const message of messages) {
      await turn();
      const octet = count++ % 64;
      assert.deepEqual([message.length, message[0], message.at(-1)], [MESSAGE_BYTES, octet, octet]);
      this.takenBytes += message.length;
    }
  }
}

function register(server: GrpcServer, gauge: Gauge): void {
  registerEcho(server);
  server.handleClientStream(upload, async (requests) => {
    await gauge.take(requests);
    return Buffer.from(String(gauge.takenBytes));
  });
  server.handleServerStream(download, async function* () {
    yield* gauge.messages(TOTAL_BYTES);
  });
  server.handleBidi(stall, async function* () {
    for (;;) {
      yield Buffer.alloc(MESSAGE_BYTES);
      gauge.answeredBytes += MESSAGE_BYTES;
    }
  });
}

const MOVES: readonly (readonly [string, (pair: Connected, gauge: Gauge) => Promise<void>])[] = [
  [
    "from client to server",
    async ({ client }, gauge) => {
      const answer = await client.clientStream(upload, gauge.messages(TOTAL_BYTES));
      assert.equal(Buffer.from(answer).toString(), String(TOTAL_BYTES));
    },
  ],
  [
    "from server to client",
    async ({ client }, gauge) => {
      await gauge.take(client.serverStream(download, Buffer.alloc(0)));
      assert.equal(gauge.takenBytes, TOTAL_BYTES);
    },
  ],
];

for (const [transport, connect] of TRANSPORTS) {
  suite(`back-pressure ${transport}`, () => {
    for (const [direction, move] of MOVES) {
      test(`a GiB ${direction} has never more than its window under way`, async (context) => {
        const gauge = new Gauge();
        await using pair = await connect({ register: (server) => register(server, gauge) });
        await usedMemoryBytes();
        const before = process.memoryUsage.rss();
        await move(pair, gauge);
        const grownBytes = gauge.peakMemoryBytes - before;
        context.diagnostic(`peak under way ${gauge.peakUnderWayBytes} bytes, memory grew by ${grownBytes}`);
        assert.ok(gauge.peakUnderWayBytes <= WINDOW_BYTES + IN_HAND_BYTES, `${gauge.peakUnderWayBytes} under way`);
        assert.ok(grownBytes <= MAX_GROWTH_BYTES, `${grownBytes} bytes of memory`);
      });
    }

    test("a stream stalled in both directions holds its own window and nobody else up", async () => {
      const gauge = new Gauge();
      await using pair = await connect({ register: (server) => register(server, gauge) });
      const stalled = pair.client.bidi(stall);
      let sentBytes = 0;
      const sending = (async () => {
        for (;;) {
          await stalled.send(Buffer.alloc(MESSAGE_BYTES));
          sentBytes += MESSAGE_BYTES;
        }
      })();
      const stopped = assert.rejects(sending, { code: "CANCELLED" });
      const answer = await pair.client.clientStream(upload, gauge.messages(64 * MIB));
      assert.equal(Buffer.from(answer).toString(), String(64 * MIB));
      for (let i = 0; i < 50; i++) assert.equal(await pair.client.unary(echo, "x"), "x");
      for (const bytes of [sentBytes, gauge.answeredBytes]) {
        assert.ok(bytes > 0 && bytes <= WINDOW_BYTES, `${bytes} bytes were sent to a reader that reads none`);
      }
      stalled.cancel();
      await stopped;
    });
  });
}

// What a server may do to our client, frame by frame.
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { connectGrpc, createStreamPair, type ClientConnection, type ClientOptions } from "../src/index.ts";
import {
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_PUSH_PROMISE,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from "../src/frames/frame-types.ts";
import type { HeaderField } from "../src/hpack/index.ts";
import { chat, echo } from "./fixtures/echo-service.ts";
import { frame, message, RawPeer, RESPONSE_HEAD, setting, uint32 } from "./fixtures/raw-peer.ts";

const OK: HeaderField = { name: "grpc-status", value: "0" };
const STATUS_200: HeaderField = { name: ":status", value: "200" };

/** Each answers the call on stream 1; the call must fail with that status, and the next one succeed. */
const BAD_ANSWERS: readonly (readonly [name: string, status: string, answer: (peer: RawPeer) => void])[] = [
  ["a head without :status", "INTERNAL", (peer) => peer.headers(1, [RESPONSE_HEAD[1]!])],
  ["a :status that is none", "INTERNAL", (peer) => peer.headers(1, [{ name: ":status", value: "ok" }])],
  ["an upper-case field name", "INTERNAL", (peer) => peer.headers(1, [...RESPONSE_HEAD, { name: "X-A", value: "1" }])],
  [
    "a connection field",
    "INTERNAL",
    (peer) => peer.headers(1, [...RESPONSE_HEAD, { name: "connection", value: "close" }]),
  ],
  ["an interim response that ends", "INTERNAL", (peer) => peer.headers(1, [{ name: ":status", value: "100" }], true)],
  [
    "another content-type",
    "UNKNOWN",
    (peer) => peer.headers(1, [STATUS_200, { name: "content-type", value: "text/html" }]),
  ],
  ["HTTP 404", "UNIMPLEMENTED", (peer) => peer.headers(1, [{ name: ":status", value: "404" }], true)],
  ["HTTP 503 with a body", "UNAVAILABLE", (peer) => peer.headers(1, [{ name: ":status", value: "503" }])],
  ["HTTP 401", "UNAUTHENTICATED", (peer) => peer.headers(1, [{ name: ":status", value: "401" }], true)],
  ["no status at all", "UNKNOWN", (peer) => peer.headers(1, RESPONSE_HEAD, true)],
  [
    "an unknown status",
    "UNKNOWN",
    (peer) => peer.headers(1, [...RESPONSE_HEAD, { name: "grpc-status", value: "99" }], true),
  ],
  ["OK without a message", "INTERNAL", (peer) => peer.headers(1, [...RESPONSE_HEAD, OK], true)],
  [
    "two messages",
    "INTERNAL",
    (peer) => {
      peer.headers(1, RESPONSE_HEAD);
      peer.data(1, Buffer.concat([message("a"), message("b")]));
    },
  ],
  [
    "OK inside a message",
    "INTERNAL",
    (peer) => {
      peer.headers(1, RESPONSE_HEAD);
      peer.data(1, message("abc").subarray(0, 6));
      peer.headers(1, [OK], true);
    },
  ],
  [
    "interim responses without end",
    "INTERNAL",
    (peer) => {
      for (let i = 0; i < 20; i++) peer.headers(1, [{ name: ":status", value: "103" }]);
    },
  ],
  [
    "an end without trailers",
    "INTERNAL",
    (peer) => {
      peer.headers(1, RESPONSE_HEAD);
      peer.data(1, message("a"), true);
    },
  ],
  [
    "a second head",
    "INTERNAL",
    (peer) => {
      peer.headers(1, RESPONSE_HEAD);
      peer.headers(1, RESPONSE_HEAD);
    },
  ],
  [
    "trailers with pseudo-header fields",
    "INTERNAL",
    (peer) => {
      peer.headers(1, RESPONSE_HEAD);
      peer.headers(1, [...RESPONSE_HEAD, OK], true);
    },
  ],
  [
    "a compressed message",
    "INTERNAL",
    (peer) => {
      peer.headers(1, RESPONSE_HEAD);
      peer.data(1, Buffer.from([1, 0, 0, 0, 1, 65]));
    },
  ],
  [
    "an encoding nobody asked for",
    "INTERNAL",
    (peer) => peer.headers(1, [...RESPONSE_HEAD, { name: "grpc-encoding", value: "snappy" }]),
  ],
  [
    "a message over the limit",
    "RESOURCE_EXHAUSTED",
    (peer) => {
      peer.headers(1, RESPONSE_HEAD);
      peer.data(1, Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]));
    },
  ],
  [
    "content-length that lies",
    "INTERNAL",
    (peer) => {
      peer.headers(1, [...RESPONSE_HEAD, { name: "content-length", value: "3" }]);
      peer.data(1, message("a"));
      peer.headers(1, [OK], true);
    },
  ],
  ["a window of zero", "INTERNAL", (peer) => peer.send(frame(FRAME_WINDOW_UPDATE, 0, 1, uint32(0)))],
  ["a window over 2^31-1", "INTERNAL", (peer) => peer.send(frame(FRAME_WINDOW_UPDATE, 0, 1, uint32(0x7fff_ffff)))],
  ["RST_STREAM REFUSED_STREAM", "UNAVAILABLE", (peer) => reset(peer, 7)],
  ["RST_STREAM CANCEL", "CANCELLED", (peer) => reset(peer, 8)],
  ["RST_STREAM ENHANCE_YOUR_CALM", "RESOURCE_EXHAUSTED", (peer) => reset(peer, 11)],
  ["RST_STREAM INADEQUATE_SECURITY", "PERMISSION_DENIED", (peer) => reset(peer, 12)],
  ["RST_STREAM INTERNAL_ERROR", "INTERNAL", (peer) => reset(peer, 2)],
  ["RST_STREAM with an unknown code", "INTERNAL", (peer) => reset(peer, 999)],
];

suite("an answer that is wrong fails only its call:", () => {
  for (const [name, status, answer] of BAD_ANSWERS) {
    test(name, async () => {
      using host = dial();
      const failing = host.client.unary(echo, "x");
      await requestSeen(host.peer, 1);
      answer(host.peer);
      await assert.rejects(failing, { code: status });
      const next = host.client.unary(echo, "y");
      await requestSeen(host.peer, 3);
      host.peer.headers(3, RESPONSE_HEAD);
      host.peer.data(3, message("fine"));
      host.peer.headers(3, [OK], true);
      assert.equal(await next, "fine");
    });
  }
});

/** Each must end the connection with that code, and the open call with UNAVAILABLE. */
const FATAL: readonly (readonly [name: string, code: string, attack: (peer: RawPeer) => void])[] = [
  ["PUSH_PROMISE", "PROTOCOL_ERROR", (peer) => peer.send(frame(FRAME_PUSH_PROMISE, FLAG_END_HEADERS, 1, uint32(2)))],
  ["SETTINGS that allow pushing", "PROTOCOL_ERROR", (peer) => peer.send(frame(FRAME_SETTINGS, 0, 0, setting(2, 1)))],
  ["HEADERS on a stream nobody opened", "PROTOCOL_ERROR", (peer) => peer.headers(7, RESPONSE_HEAD)],
  ["DATA on a stream nobody opened", "PROTOCOL_ERROR", (peer) => peer.data(7, message("a"))],
  [
    "RST_STREAM on a stream nobody opened",
    "PROTOCOL_ERROR",
    (peer) => peer.send(frame(FRAME_RST_STREAM, 0, 7, uint32(8))),
  ],
  ["a PING flood", "ENHANCE_YOUR_CALM", (peer) => flood(peer, frame(FRAME_PING, 0, 0, Buffer.alloc(8)))],
  ["a SETTINGS flood", "ENHANCE_YOUR_CALM", (peer) => flood(peer, frame(FRAME_SETTINGS, 0, 0))],
  [
    "a GOAWAY flood",
    "ENHANCE_YOUR_CALM",
    (peer) => flood(peer, frame(FRAME_GOAWAY, 0, 0, Buffer.concat([uint32(0x7fff_ffff), uint32(0)]))),
  ],
  [
    "empty CONTINUATION frames",
    "ENHANCE_YOUR_CALM",
    (peer) => {
      peer.send(frame(FRAME_HEADERS, 0, 1));
      flood(peer, frame(FRAME_CONTINUATION, 0, 1));
    },
  ],
  [
    "empty DATA frames",
    "ENHANCE_YOUR_CALM",
    (peer) => {
      peer.headers(1, RESPONSE_HEAD);
      flood(peer, frame(FRAME_DATA, 0, 1));
    },
  ],
];

suite("the client gives the connection up for", () => {
  for (const [name, code, attack] of FATAL) {
    test(name, async () => {
      using host = dial();
      const failing = host.client.unary(echo, "x");
      await requestSeen(host.peer, 1);
      attack(host.peer);
      await assert.rejects(failing, { code: "UNAVAILABLE" });
      assert.equal(await host.peer.goawayCode(), code);
      await host.client.closed;
      assert.equal((host.client.closeReason as { code?: string } | undefined)?.code, code);
    });
  }

  test("an end of the stream", async () => {
    using host = dial();
    const failing = host.client.unary(echo, "x");
    await requestSeen(host.peer, 1);
    host.peer.destroy();
    await assert.rejects(failing, { code: "UNAVAILABLE" });
    await host.client.closed;
    assert.ok(host.client.closeReason instanceof Error);
  });
});

test("a reset with CANCEL after the deadline is the deadline's doing", async () => {
  using host = dial();
  const late = host.client.unary(echo, "x", { deadlineMs: 20 });
  await requestSeen(host.peer, 1);
  // Sleeps through the deadline with the event loop, so that the reset is handled before the timer.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
  reset(host.peer, 8);
  await assert.rejects(late, { code: "DEADLINE_EXCEEDED" });
});

suite("GOAWAY", () => {
  test("fails the streams it does not cover and all new calls, and lets the others finish", async () => {
    using host = dial();
    const covered = host.client.unary(echo, "x");
    const uncovered = host.client.unary(echo, "y");
    await requestSeen(host.peer, 3);
    host.peer.send(frame(FRAME_GOAWAY, 0, 0, Buffer.concat([uint32(1), uint32(11), Buffer.from("too_many_pings")])));
    await assert.rejects(uncovered, { code: "UNAVAILABLE", message: /too_many_pings/ });
    await assert.rejects(host.client.unary(echo, "z"), { code: "UNAVAILABLE", message: /ENHANCE_YOUR_CALM/ });
    host.peer.headers(1, RESPONSE_HEAD);
    host.peer.data(1, message("done"));
    host.peer.headers(1, [OK], true);
    assert.equal(await covered, "done");
    await host.client.closed;
  });
});

suite("the server's MAX_CONCURRENT_STREAMS", () => {
  test("makes calls wait their turn", async () => {
    using host = dial(undefined, setting(3, 1));
    await host.peer.find((seen) => seen.type === FRAME_SETTINGS && seen.flags === 1);
    const first = host.client.unary(echo, "1");
    const second = host.client.unary(echo, "2");
    await requestSeen(host.peer, 1);
    assert.equal(
      host.peer.frames.some((seen) => seen.streamId === 3),
      false,
    );
    answerOk(host.peer, 1, "one");
    assert.equal(await first, "one");
    await requestSeen(host.peer, 3);
    answerOk(host.peer, 3, "two");
    assert.equal(await second, "two");
  });

  test("lets a waiting call be cancelled and never sends it", async () => {
    using host = dial(undefined, setting(3, 0));
    await host.peer.find((seen) => seen.type === FRAME_SETTINGS && seen.flags === 1);
    const abort = new AbortController();
    const waiting = host.client.unary(echo, "1", { signal: abort.signal });
    abort.abort();
    await assert.rejects(waiting, { code: "CANCELLED" });
    host.peer.send(frame(FRAME_SETTINGS, 0, 0, setting(3, 100)));
    const next = host.client.unary(echo, "2");
    const request = await host.peer.find((seen) => seen.type === FRAME_DATA);
    assert.equal(request.payload.toString("latin1", 5), "2");
    answerOk(host.peer, 1, "two");
    assert.equal(await next, "two");
  });

  test("makes a deadline pass while the call waits", async () => {
    using host = dial(undefined, setting(3, 0));
    await host.peer.find((seen) => seen.type === FRAME_SETTINGS && seen.flags === 1);
    await assert.rejects(host.client.unary(echo, "1", { deadlineMs: 20 }), { code: "DEADLINE_EXCEEDED" });
  });

  test("is waited for by 10,000 calls, no more", async () => {
    using host = dial(undefined, setting(3, 0));
    await host.peer.find((seen) => seen.type === FRAME_SETTINGS && seen.flags === 1);
    const waiting = Array.from({ length: 10_000 }, () => host.client.unary(echo, "x").catch((error: unknown) => error));
    await assert.rejects(host.client.unary(echo, "one too many"), { code: "RESOURCE_EXHAUSTED" });
    host.client.destroy();
    for (const error of await Promise.all(waiting)) assert.equal((error as { code: string }).code, "UNAVAILABLE");
  });
});

suite("what the client sends", () => {
  test("gives up nothing of metadata to the compression table", async () => {
    using host = dial();
    const { Metadata } = await import("../src/index.ts");
    const metadata = new Metadata([["x-token", "secret"]]);
    const calls = [1, 3].map(() => host.client.unary(echo, "x", { metadata }).catch(() => {}));
    await requestSeen(host.peer, 3);
    const blocks = host.peer.frames.filter((seen) => seen.type === FRAME_HEADERS).map((seen) => seen.payload);
    for (const block of blocks) assert.ok(block.includes(Buffer.from("\x10\x07x-token\x06secret", "latin1")));
    host.client.destroy();
    await Promise.all(calls);
  });

  test("names the deadline of each call", async () => {
    using host = dial();
    const calls = [20_000, 20_000, 1.5].map((deadlineMs) =>
      host.client.unary(echo, "x", { deadlineMs }).catch(() => {}),
    );
    await requestSeen(host.peer, 5);
    const timeouts = [1, 3, 5].map((streamId) => host.peer.headersOf(streamId)[0]?.["grpc-timeout"]);
    assert.deepEqual(timeouts, ["20000m", "20000m", "2m"]);
    host.client.destroy();
    await Promise.all(calls);
  });

  test("resets the stream when a call is left", async () => {
    using host = dial();
    const call = host.client.bidi(chat);
    await host.peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === 1);
    call.cancel();
    assert.equal(await host.peer.resetCode(1), "CANCEL");
  });

  test("keeps to a header table of size 0", async () => {
    using host = dial(undefined, setting(1, 0));
    await host.peer.find((seen) => seen.type === FRAME_SETTINGS && seen.flags === 1);
    const calls = [1, 3].map(() => host.client.unary(echo, "x").catch(() => {}));
    await requestSeen(host.peer, 3);
    assert.equal(host.peer.headersOf(3)[0]?.[":path"], echo.path);
    host.client.destroy();
    await Promise.all(calls);
  });
});

function dial(
  options?: ClientOptions,
  settings?: Uint8Array,
): Disposable & { client: ClientConnection; peer: RawPeer } {
  const [near, far] = createStreamPair();
  const peer = new RawPeer(far, "server", settings);
  const client = connectGrpc(near, options);
  return {
    client,
    peer,
    [Symbol.dispose]() {
      client.destroy();
      peer.destroy();
    },
  };
}

function requestSeen(peer: RawPeer, streamId: number): Promise<unknown> {
  return peer.find((seen) => seen.streamId === streamId && seen.type === FRAME_DATA && seen.flags === FLAG_END_STREAM);
}

function answerOk(peer: RawPeer, streamId: number, text: string): void {
  peer.headers(streamId, RESPONSE_HEAD);
  peer.data(streamId, message(text));
  peer.headers(streamId, [OK], true);
}

function reset(peer: RawPeer, code: number): void {
  peer.send(frame(FRAME_RST_STREAM, 0, 1, uint32(code)));
}

function flood(peer: RawPeer, bytes: Buffer): void {
  for (let i = 0; i < 20; i++) peer.send(...Array.from({ length: 1000 }, () => bytes));
}

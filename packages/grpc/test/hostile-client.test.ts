// What a client may not do to our server, frame by frame. h2spec covers the rules of HTTP/2; these are the limits.
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { createGrpcServer, createStreamPair, type GrpcServer, type ServerOptions } from "../src/index.ts";
import {
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from "../src/frames/frame-types.ts";
import { HpackEncoder } from "../src/hpack/index.ts";
import { registerEcho } from "./fixtures/echo-service.ts";
import { frame, message, RawPeer, requestFields, setting, uint32 } from "./fixtures/raw-peer.ts";

const EMPTY_REQUEST = requestFields();

/** Each sends something; the server must end the connection with that code. */
const FATAL: readonly (readonly [name: string, code: string, attack: (peer: RawPeer) => void])[] = [
  ["a PING flood", "ENHANCE_YOUR_CALM", (peer) => repeat(peer, 20_000, frame(FRAME_PING, 0, 0, Buffer.alloc(8)))],
  ["a SETTINGS flood", "ENHANCE_YOUR_CALM", (peer) => repeat(peer, 20_000, frame(FRAME_SETTINGS, 0, 0))],
  [
    "a PRIORITY flood",
    "ENHANCE_YOUR_CALM",
    (peer) => repeat(peer, 20_000, frame(FRAME_PRIORITY, 0, 1, Buffer.from([0, 0, 0, 3, 1]))),
  ],
  ["a flood of unknown frames", "ENHANCE_YOUR_CALM", (peer) => repeat(peer, 20_000, frame(0xbe, 0, 0))],
  [
    "a flood of one-octet window updates",
    "ENHANCE_YOUR_CALM",
    (peer) => repeat(peer, 20_000, frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(1))),
  ],
  [
    "a flood of empty DATA frames",
    "ENHANCE_YOUR_CALM",
    (peer) => {
      peer.headers(1, EMPTY_REQUEST);
      repeat(peer, 20_000, frame(FRAME_DATA, 0, 1));
    },
  ],
  [
    "streams opened and reset at once (CVE-2023-44487)",
    "ENHANCE_YOUR_CALM",
    (peer) => {
      for (let i = 0; i < 10_000; i++) {
        peer.headers(1 + 2 * i, EMPTY_REQUEST);
        peer.send(frame(FRAME_RST_STREAM, 0, 1 + 2 * i, uint32(8)));
      }
    },
  ],
  [
    "streams that force us to reset them",
    "ENHANCE_YOUR_CALM",
    (peer) => {
      for (let i = 0; i < 10_000; i++) {
        peer.headers(1 + 2 * i, EMPTY_REQUEST);
        peer.send(frame(FRAME_WINDOW_UPDATE, 0, 1 + 2 * i, uint32(0)));
      }
    },
  ],
  [
    "CONTINUATION frames without end (CVE-2024-27316)",
    "ENHANCE_YOUR_CALM",
    (peer) => {
      peer.send(frame(FRAME_HEADERS, 0, 1, peer.encoder.encode(EMPTY_REQUEST)));
      repeat(peer, 1000, frame(FRAME_CONTINUATION, 0, 1));
    },
  ],
  [
    "a header block without end",
    "ENHANCE_YOUR_CALM",
    (peer) => {
      peer.send(frame(FRAME_HEADERS, 0, 1, Buffer.alloc(16_384)));
      repeat(peer, 5, frame(FRAME_CONTINUATION, 0, 1, Buffer.alloc(16_384)));
    },
  ],
  [
    "a frame over 16,384 octets",
    "FRAME_SIZE_ERROR",
    (peer) => peer.send(frame(FRAME_DATA, 0, 1, Buffer.alloc(16_385))),
  ],
  [
    "a connection window over 2^31-1",
    "FLOW_CONTROL_ERROR",
    (peer) => peer.send(frame(FRAME_WINDOW_UPDATE, 0, 0, uint32(0x7fff_ffff))),
  ],
  [
    "a stream window over 2^31-1 through SETTINGS",
    "FLOW_CONTROL_ERROR",
    (peer) => {
      peer.headers(1, EMPTY_REQUEST);
      peer.send(frame(FRAME_WINDOW_UPDATE, 0, 1, uint32(0x7fff_0000)));
      peer.send(frame(FRAME_SETTINGS, 0, 0, setting(4, 0x7fff_ffff)));
    },
  ],
  [
    "a malformed header block",
    "COMPRESSION_ERROR",
    (peer) => peer.send(frame(FRAME_HEADERS, 4, 1, Buffer.from([0x80]))),
  ],
];

suite("a hostile client loses its connection for", () => {
  for (const [name, code, attack] of FATAL) {
    test(name, async () => {
      using host = serve();
      attack(host.peer);
      assert.equal(await host.peer.goawayCode(), code);
      await host.peer.ended;
    });
  }

  test("speaking something else than HTTP/2", async () => {
    const server = createGrpcServer();
    const [near, far] = createStreamPair();
    server.accept(far);
    near.resume();
    near.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => near.on("close", resolve));
    server.destroy();
  });

  test("never starting to speak", async () => {
    const server = createGrpcServer({ prefaceTimeoutMs: 20 });
    const [near, far] = createStreamPair();
    server.accept(far);
    near.resume();
    await new Promise((resolve) => near.on("close", resolve));
    server.destroy();
  });

  test("sending beyond the connection's window", async () => {
    using host = serve((server) =>
      server.handleBidi({ ...NEVER_READ }, async function* (_requests, call) {
        await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
        yield* [];
      }),
    );
    // 33 MiB and more of messages nobody reads: then nothing is credited.
    for (let i = 0; i < 45; i++) {
      host.peer.headers(1 + 2 * i, requestFields([], NEVER_READ.path));
      const body = message(Buffer.alloc(16_379));
      for (let sent = 0; sent < 1024 * 1024; sent += body.length) host.peer.data(1 + 2 * i, body);
    }
    assert.equal(await host.peer.goawayCode(), "FLOW_CONTROL_ERROR");
  });

  test("making us answer without reading", async () => {
    const server = createGrpcServer();
    registerEcho(server);
    const [near, far] = createStreamPair();
    server.accept(far);
    const closed = new Promise((resolve) => far.on("close", resolve));
    near.pause();
    near.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    near.write(frame(FRAME_SETTINGS, 0, 0));
    // Each request earns its error answer of some hundred octets; none is read.
    const encoder = new HpackEncoder();
    for (let i = 0; i < 60_000 && !near.destroyed; i++) {
      const block = encoder.encode(requestFields([], `/no.Service/${"x".repeat(300)}`));
      near.write(frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 1 + 2 * i, block));
      if (i % 500 === 0) await new Promise(setImmediate);
    }
    await closed;
    server.destroy();
  });
});

test("a client that cancels every other call is not hostile", async () => {
  using host = serve();
  for (let i = 0; i < 12_000; i += 2) {
    host.peer.headers(1 + 2 * i, EMPTY_REQUEST);
    host.peer.send(frame(FRAME_RST_STREAM, 0, 1 + 2 * i, uint32(8)));
    host.peer.headers(3 + 2 * i, EMPTY_REQUEST);
    host.peer.data(3 + 2 * i, message("x"), true);
  }
  await stillServes(host.peer, 24_001);
});

suite("a hostile client loses only its stream for", () => {
  test("a header list over the limit, which gets 431", async () => {
    using host = serve();
    // Small on the wire: one large field, then 60 references to it.
    const large = host.peer.encoder.encode(requestFields([{ name: "x-large", value: "x".repeat(1500) }]));
    const block = Buffer.concat([large, Buffer.alloc(60, 0x80 | 62)]);
    host.peer.send(frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 1, block));
    await host.peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === 1);
    assert.equal(host.peer.headersOf(1)[0]?.[":status"], "431");
    await stillServes(host.peer, 3);
  });

  test("more streams than allowed", async () => {
    using host = serve(registerEcho, { maxConcurrentStreams: 5 });
    for (let i = 0; i < 6; i++) host.peer.headers(1 + 2 * i, EMPTY_REQUEST);
    assert.equal(await host.peer.resetCode(11), "REFUSED_STREAM");
  });

  test("streams whose handlers still run after their reset", async () => {
    let running = 0;
    const never = new Promise<string>(() => {});
    using host = serve(
      (server) =>
        server.handleUnary({ ...NEVER_READ, kind: "unary" }, () => {
          running++;
          return never;
        }),
      { maxConcurrentStreams: 5 },
    );
    for (let i = 0; i < 20; i++) {
      host.peer.headers(1 + 2 * i, requestFields([], NEVER_READ.path));
      host.peer.data(1 + 2 * i, message("x"), true);
      host.peer.send(frame(FRAME_RST_STREAM, 0, 1 + 2 * i, uint32(8)));
    }
    assert.equal(await host.peer.resetCode(39), "REFUSED_STREAM");
    assert.equal(running, 5);
  });

  test("DATA beyond its window", async () => {
    using host = serve((server) =>
      server.handleBidi(NEVER_READ, async function* (_requests, call) {
        await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
        yield* [];
      }),
    );
    host.peer.headers(1, requestFields([], NEVER_READ.path));
    const body = message(Buffer.alloc(16_379));
    for (let sent = 0; sent <= 1024 * 1024; sent += body.length) host.peer.data(1, body);
    assert.equal(await host.peer.resetCode(1), "FLOW_CONTROL_ERROR");
  });

  test("a message longer than announced memory allows", async () => {
    using host = serve(registerEcho, { maxReceiveBytes: 1000 });
    host.peer.headers(1, EMPTY_REQUEST);
    host.peer.data(1, Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
    await host.peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === 1);
    assert.equal(host.peer.headersOf(1)[0]?.["grpc-status"], "8");
    await stillServes(host.peer, 3);
  });

  for (const [name, prefix, status] of [
    ["a compressed message without an encoding", [1, 0, 0, 0, 1, 0], "13"],
    ["an unknown message flag", [9, 0, 0, 0, 1, 0], "13"],
    ["an end inside a message", [0, 0, 0, 0, 9, 0], "13"],
    ["two messages where one is expected", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "13"],
    ["no message where one is expected", [], "13"],
  ] as const) {
    test(name, async () => {
      using host = serve();
      host.peer.headers(1, EMPTY_REQUEST);
      host.peer.data(1, Buffer.from(prefix), true);
      await host.peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === 1);
      assert.equal(host.peer.headersOf(1)[0]?.["grpc-status"], status);
      await stillServes(host.peer, 3);
    });
  }

  for (const [name, extra, expected] of [
    [
      "an unknown grpc-encoding",
      { name: "grpc-encoding", value: "snappy" },
      { "grpc-status": "12", "grpc-accept-encoding": "identity,gzip" },
    ],
    ["a malformed grpc-timeout", { name: "grpc-timeout", value: "soon" }, { "grpc-status": "13" }],
  ] as const) {
    test(name, async () => {
      using host = serve();
      host.peer.headers(1, requestFields([extra]), true);
      await host.peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === 1);
      const [headers] = host.peer.headersOf(1);
      for (const [key, value] of Object.entries(expected)) assert.equal(headers?.[key], value);
    });
  }

  for (const [name, change, status] of [
    ["a content-type that is not gRPC", { name: "content-type", value: "application/json" }, "415"],
    ["a content-type that only starts like gRPC", { name: "content-type", value: "application/grpc-web" }, "415"],
    ["a method other than POST", { name: ":method", value: "PUT" }, "405"],
  ] as const) {
    test(name, async () => {
      using host = serve();
      const fields = requestFields().map((field) => (field.name === change.name ? change : field));
      host.peer.headers(1, fields, true);
      await host.peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === 1);
      assert.equal(host.peer.headersOf(1)[0]?.[":status"], status);
    });
  }
});

const text = {
  encode: (value: string) => Buffer.from(value),
  decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
};
const NEVER_READ = { kind: "bidirectional", path: "/test.Echo/NeverRead", request: text, response: text } as const;

function serve(
  register: (server: GrpcServer) => void = registerEcho,
  options?: ServerOptions,
): Disposable & { peer: RawPeer } {
  const server = createGrpcServer(options);
  register(server);
  const [near, far] = createStreamPair();
  server.accept(far);
  const peer = new RawPeer(near, "client");
  return {
    peer,
    [Symbol.dispose]() {
      server.destroy();
      peer.destroy();
    },
  };
}

async function stillServes(peer: RawPeer, streamId: number): Promise<void> {
  peer.headers(streamId, EMPTY_REQUEST);
  peer.data(streamId, message("alive"), true);
  const answer = await peer.find((seen) => seen.type === FRAME_DATA && seen.streamId === streamId);
  assert.equal(answer.payload.toString("latin1", 5), "alive");
}

function repeat(peer: RawPeer, count: number, bytes: Buffer): void {
  for (let i = 0; i < count; i += 1000) peer.send(...Array.from({ length: 1000 }, () => bytes));
}

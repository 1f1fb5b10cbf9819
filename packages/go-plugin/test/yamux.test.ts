import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { describe, it } from "node:test";
import type { YamuxError } from "../src/yamux/yamux-error.ts";
import type { YamuxOptions, YamuxSession } from "../src/yamux/yamux-session.ts";
import {
  ACK,
  DATA,
  FIN,
  frameBytes,
  GO_AWAY,
  openRawYamux,
  openYamuxPair,
  PING,
  RST,
  SYN,
  WINDOW,
} from "./support/raw-yamux.ts";
import type { RawYamux } from "./support/raw-yamux.ts";

const WINDOW_BYTES = 256 * 1024;

function echo(stream: Duplex): void {
  stream.pipe(stream);
}

/** Waits for turns of the event loop until something is so; the test's own timeout is the limit. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

async function reasonOf(session: YamuxSession): Promise<Error | undefined> {
  await session.closed;
  return session.closeReason;
}

function openServer(options: Partial<YamuxOptions> = {}): {
  session: YamuxSession;
  raw: RawYamux;
  streams: Duplex[];
} {
  const streams: Duplex[] = [];
  const opened = openRawYamux({ side: "server", onStream: (stream) => streams.push(stream), ...options });
  return { ...opened, streams };
}

describe("a yamux session", () => {
  it(
    "carries many streams of both sides at once, each whole and in order [mux:yamux]",
    { timeout: 60_000 },
    async () => {
      const { client, server } = openYamuxPair({ onStream: echo }, { onStream: echo });
      const bodies = Array.from({ length: 40 }, (_, i) => randomBytes(i * 40_000));
      await Promise.all(
        bodies.map(async (body, i) => {
          const stream = (i % 2 === 0 ? client : server).openStream();
          stream.end(body);
          const answer = await buffer(stream);
          assert.ok(answer.equals(body));
        }),
      );
      await until(() => client.streamCount + server.streamCount === 0);
      await Promise.all([client.close(), server.closed]);
      assert.equal(client.closeReason, undefined);
    },
  );

  it("opens odd ids as client, even ones as server, with a window update as Go does [mux:yamux]", async () => {
    for (const [side, ids] of [
      ["client", [1, 3]],
      ["server", [2, 4]],
    ] as const) {
      const { session, raw } = openRawYamux({ side });
      session.openStream();
      session.openStream();
      await raw.see(`${WINDOW} ${SYN} ${ids[1]} 0`);
      assert.deepEqual(raw.frames, [`${WINDOW} ${SYN} ${ids[0]} 0`, `${WINDOW} ${SYN} ${ids[1]} 0`]);
      session.destroy();
    }
  });

  it("acknowledges a stream that was taken and resets one that was not [mux:yamux]", async () => {
    const { session, raw } = openServer({ onStream: (stream) => void (raw.frames.length > 0 && stream.destroy()) });
    raw.send(WINDOW, SYN, 1, 0);
    await raw.see(`${WINDOW} ${ACK} 1 0`);
    raw.send(WINDOW, SYN, 3, 0);
    await raw.see(`${WINDOW} ${RST} 3 0`);
    assert.equal(session.streamCount, 1);
    session.destroy();
  });

  it("takes a stream that is opened, filled and ended by one frame [mux:yamux]", async () => {
    const { session, raw, streams } = openServer();
    raw.sendData(1, Buffer.from("all at once"), SYN | FIN);
    await until(() => streams.length === 1);
    assert.equal(await text(streams[0]!), "all at once");
    session.destroy();
  });

  it("half-closes: what was ended still receives [mux:yamux]", async () => {
    const { session, raw, streams } = openServer();
    raw.send(WINDOW, SYN, 1, 0);
    await until(() => streams.length === 1);
    streams[0]!.end("bye");
    await raw.see(`${WINDOW} ${FIN} 1 0`);
    raw.sendData(1, Buffer.from("still here"));
    raw.send(WINDOW, FIN, 1, 0);
    assert.equal(await text(streams[0]!), "still here");
    assert.deepEqual([session.streamCount, raw.payloadBytes], [0, 3]);
    session.destroy();
  });

  it("echoes pings [mux:yamux]", async () => {
    const { session, raw } = openServer();
    raw.send(PING, SYN, 0, 0xdead_beef);
    await raw.see(`${PING} ${ACK} 0 3735928559`);
    session.destroy();
  });

  it("sends no more than the window, and goes on when it grows [mux:yamux]", async () => {
    const { session, raw } = openRawYamux({ side: "client" });
    const stream = session.openStream();
    let isTaken = false;
    stream.write(Buffer.alloc(WINDOW_BYTES + 1000), () => (isTaken = true));
    await raw.until(() => raw.payloadBytes === WINDOW_BYTES, "a window of bytes");
    raw.send(PING, SYN, 0, 1);
    await raw.see(`${PING} ${ACK} 0 1`);
    assert.deepEqual([raw.payloadBytes, isTaken], [WINDOW_BYTES, false]);
    raw.send(WINDOW, ACK, 1, 400);
    raw.send(WINDOW, 0, 1, 600);
    await raw.until(() => raw.payloadBytes === WINDOW_BYTES + 1000, "the rest");
    await until(() => isTaken);
    session.destroy();
  });

  it("does not take windows in small steps for a flood while it sends [mux:yamux]", { timeout: 60_000 }, async () => {
    const { session, raw } = openRawYamux({ side: "client" });
    const stream = session.openStream();
    stream.write(Buffer.alloc(WINDOW_BYTES + 30_000 * 100));
    for (let sent = 0; sent < 30_000; sent++) {
      await raw.until(() => raw.payloadBytes === WINDOW_BYTES + sent * 100, "what the window lets through");
      raw.send(WINDOW, sent === 0 ? ACK : 0, 1, 100);
    }
    await raw.until(() => raw.payloadBytes === WINDOW_BYTES + 3_000_000, "all of it");
    assert.equal(session.closeReason, undefined);
    session.destroy();
  });

  it("gives the window back as it is read, and not before [mux:yamux]", async () => {
    const { session, raw, streams } = openServer();
    raw.send(WINDOW, SYN, 1, 0);
    for (let sent = 0; sent < WINDOW_BYTES; sent += 32 * 1024) raw.sendData(1, Buffer.alloc(32 * 1024));
    raw.send(PING, SYN, 0, 1);
    await raw.see(`${PING} ${ACK} 0 1`);
    assert.deepEqual(raw.frames, [`${WINDOW} ${ACK} 1 0`, `${PING} ${ACK} 0 1`]);
    streams[0]!.resume();
    await raw.until(() => raw.frames.some((frame) => frame.startsWith(`${WINDOW} 0 1 `)), "a window update");
    session.destroy();
  });

  it("does not let a stream that nobody reads hold the others up [mux:yamux]", async () => {
    const streams: Duplex[] = [];
    const { client, server } = openYamuxPair({}, { onStream: (stream) => streams.push(stream) });
    const stalled = client.openStream();
    stalled.write(Buffer.alloc(4 * WINDOW_BYTES));
    const lively = client.openStream();
    await until(() => streams.length === 2);
    echo(streams[1]!);
    const body = randomBytes(3 * WINDOW_BYTES);
    lively.end(body);
    const answer = await buffer(lively);
    assert.ok(answer.equals(body));
    client.destroy();
    await server.closed;
  });

  it("lets a stream's small messages pass its neighbour's large ones [mux:yamux]", async () => {
    const { session, raw } = openRawYamux({ side: "client" });
    const bulk = session.openStream();
    const small = session.openStream();
    raw.send(WINDOW, ACK, 1, 100 * WINDOW_BYTES);
    raw.send(PING, SYN, 0, 1);
    await raw.see(`${PING} ${ACK} 0 1`);
    raw.end.pause();
    bulk.write(Buffer.alloc(32 * WINDOW_BYTES));
    await new Promise(setImmediate);
    small.write("x");
    raw.end.resume();
    await raw.until(() => raw.payloadBytes === 32 * WINDOW_BYTES + 1, "all of it");
    const before = raw.frames.slice(0, raw.frames.indexOf(`${DATA} 0 3 1`)).map((frame) => frame.split(" "));
    const bytes = before.reduce((sum, [type, , , length]) => sum + (type === String(DATA) ? Number(length) : 0), 0);
    assert.ok(bytes < 4 * WINDOW_BYTES, `${bytes} bytes came before`);
    session.destroy();
  });

  it("tells both users of a stream when it is destroyed [mux:yamux]", async () => {
    const streams: Duplex[] = [];
    const { client, server } = openYamuxPair({}, { onStream: (stream) => streams.push(stream) });
    const stream = client.openStream();
    await until(() => streams.length === 1);
    stream.destroy();
    await until(() => streams[0]!.closed);
    assert.match(String(streams[0]!.errored), /stream 1 was reset by the peer/);
    assert.equal(client.streamCount + server.streamCount, 0);
    client.destroy();
  });

  it("close() refuses new streams, waits for the open ones, and tells the peer [mux:yamux]", async () => {
    const { session, raw, streams } = openServer();
    raw.send(WINDOW, SYN, 1, 0);
    await until(() => streams.length === 1);
    const closed = session.close();
    await raw.see(`${GO_AWAY} 0 0 0`);
    raw.send(WINDOW, SYN, 3, 0);
    await raw.see(`${WINDOW} ${RST} 3 0`);
    assert.throws(() => session.openStream(), { code: "closed" });
    echo(streams[0]!);
    raw.send(WINDOW, FIN, 1, 0);
    await closed;
    assert.equal(session.closeReason, undefined);
  });

  it("close() cuts what does not end within the grace [mux:yamux]", async () => {
    const { session, raw, streams } = openServer();
    raw.send(WINDOW, SYN, 1, 0);
    await until(() => streams.length === 1);
    await session.close({ graceMs: 1 });
    assert.equal(streams[0]!.destroyed, true);
  });

  it("opens no stream after the peer's GO_AWAY, and keeps the open ones [mux:yamux]", async () => {
    const { session, raw } = openRawYamux({ side: "client" });
    const stream = session.openStream();
    raw.send(GO_AWAY, 0, 0, 0);
    raw.sendData(1, Buffer.from("a"), ACK);
    assert.deepEqual(await once(stream, "data"), [Buffer.from("a")]);
    assert.throws(() => session.openStream(), { code: "refused" });
    session.destroy();
  });

  it("ends all streams with the reason when the connection is lost [mux:yamux]", async () => {
    const { session, raw } = openRawYamux({ side: "client" });
    const streams = [session.openStream(), session.openStream()];
    raw.end.destroy();
    await until(() => streams.every((stream) => stream.closed));
    for (const stream of streams) assert.equal((stream.errored as YamuxError).code, "remote");
    assert.equal(((await reasonOf(session)) as YamuxError).code, "remote");
  });

  it("leaves what came in whole to be read after the session's end [mux:yamux]", async () => {
    const { session, raw, streams } = openServer();
    const body = randomBytes(200_000);
    raw.send(WINDOW, SYN, 1, 0);
    for (let at = 0; at < body.length; at += 50_000) raw.sendData(1, body.subarray(at, at + 50_000));
    raw.send(WINDOW, FIN, 1, 0);
    raw.end.end();
    await session.closed;
    assert.ok((await buffer(streams[0]!)).equals(body));
  });

  it("fails writes to a stream whose session is over [mux:yamux]", async () => {
    const { session, raw, streams } = openServer();
    raw.send(WINDOW, SYN | FIN, 1, 0);
    await until(() => streams.length === 1);
    session.destroy();
    const failed = new Promise((resolve) => streams[0]!.write("x", resolve));
    assert.ok((await failed) instanceof Error);
  });
});

describe("a yamux session and a peer that breaks the rules", () => {
  const cases: readonly (readonly [what: string, act: (raw: RawYamux) => void, reason: RegExp])[] = [
    ["another version", (raw) => raw.end.write(Buffer.from([1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])), /version 1/],
    ["an unknown type", (raw) => raw.send(9, 0, 1, 0), /unknown type 9/],
    ["a frame of 4 GiB", (raw) => raw.send(DATA, 0, 1, 0xffff_ffff), /exceeds the window/],
    [
      "more than the window",
      (raw) => {
        raw.sendData(1, Buffer.alloc(200_000), SYN);
        raw.sendData(1, Buffer.alloc(100_000));
      },
      /beyond its window/,
    ],
    ["a stream of our own parity", (raw) => raw.send(WINDOW, SYN, 2, 0), /an id it may not use/],
    ["stream 0", (raw) => raw.send(WINDOW, SYN, 0, 0), /an id it may not use/],
    [
      "a stream opened twice",
      (raw) => {
        raw.send(WINDOW, SYN, 1, 0);
        raw.send(WINDOW, SYN, 1, 0);
      },
      /opened twice/,
    ],
    [
      "a stream ended twice",
      (raw) => {
        raw.send(WINDOW, SYN | FIN, 1, 0);
        raw.send(WINDOW, FIN, 1, 0);
      },
      /ended twice/,
    ],
    ["GO_AWAY with a protocol error", (raw) => raw.send(GO_AWAY, 0, 0, 1), /a protocol error/],
    ["GO_AWAY for an unknown reason", (raw) => raw.send(GO_AWAY, 0, 0, 77), /unknown reason 77/],
    [
      "a flood of pings",
      (raw) => {
        for (let i = 0; i < 20_000; i++) raw.send(PING, SYN, 0, i);
      },
      /too many frames without content/,
    ],
    [
      "a flood of window updates",
      (raw) => {
        raw.send(WINDOW, SYN, 1, 0);
        for (let i = 0; i < 20_000; i++) raw.send(WINDOW, 0, 1, 0xffff_ffff);
      },
      /too many frames without content/,
    ],
    [
      "a flood of data for nobody",
      (raw) => {
        for (let i = 0; i < 20_000; i++) raw.sendData(99, Buffer.alloc(1));
      },
      /too many frames without content/,
    ],
    [
      "a flood of streams beyond the limit",
      (raw) => {
        for (let id = 1; id < 20_000; id += 2) raw.send(WINDOW, SYN, id, 0);
      },
      /too many stream resets/,
    ],
    [
      "a flood of streams that are reset at once",
      (raw) => {
        for (let id = 1; id < 20_000; id += 2) raw.send(WINDOW, SYN | RST, id, 0);
      },
      /too many stream resets/,
    ],
  ];
  for (const [what, act, reason] of cases) {
    it(`ends at ${what}, and says so [mux:yamux]`, async () => {
      const { session, raw } = openServer();
      act(raw);
      const seen = raw.see(`${GO_AWAY} 0 0 1`);
      assert.match(String(await reasonOf(session)), reason);
      await seen;
      assert.equal(session.streamCount, 0);
    });
  }

  it("gives up on a peer that makes it answer and does not read [mux:yamux]", async () => {
    const { session, raw } = openServer();
    raw.end.pause();
    raw.send(WINDOW, SYN, 1, 0);
    // Content, so that the pings are allowed.
    const data = frameBytes(DATA, 0, 1, 1, Buffer.alloc(1));
    const pings = Array.from({ length: 8 }, (_, i) => frameBytes(PING, SYN, 0, i));
    const batch = Buffer.concat(Array.from({ length: 1_000 }, () => [data, ...pings]).flat());
    for (let i = 0; i < 40 && session.closeReason === undefined; i++) {
      raw.end.write(batch);
      await new Promise(setImmediate);
    }
    assert.match(String(await reasonOf(session)), /does not read what it makes us write/);
  });

  it("refuses streams beyond the limit, takes more when some have ended [mux:yamux]", async () => {
    const { session, raw, streams } = openServer({ maxPeerStreams: 2 });
    for (const id of [1, 3, 5]) raw.send(WINDOW, SYN, id, 0);
    await raw.see(`${WINDOW} ${RST} 5 0`);
    streams[0]!.destroy();
    raw.send(WINDOW, SYN, 7, 0);
    await raw.see(`${WINDOW} ${ACK} 7 0`);
    session.destroy();
  });

  it("opens no more than 256 streams that the peer does not acknowledge [mux:yamux]", async () => {
    const { session, raw } = openRawYamux({ side: "client" });
    for (let i = 0; i < 256; i++) session.openStream();
    assert.throws(() => session.openStream(), { code: "refused" });
    raw.send(WINDOW, ACK, 1, 0);
    raw.send(WINDOW, RST, 3, 0);
    await until(() => session.streamCount === 255);
    session.openStream();
    session.openStream();
    assert.throws(() => session.openStream(), { code: "refused" });
    session.destroy();
  });

  it("ends when a stream is not acknowledged in time [mux:yamux]", async () => {
    const { session } = openRawYamux({ side: "client", openTimeoutMs: 5 });
    const stream = session.openStream();
    await keepAlive(session.closed);
    assert.equal(stream.destroyed, true);
    assert.match(String(session.closeReason), /stream 1 was not acknowledged/);
  });

  it("ends when the peer gives no sign of life, not while it answers [mux:yamux]", async () => {
    const { session, raw } = openRawYamux({ side: "client", keepAliveIntervalMs: 1, keepAliveTimeoutMs: 300 });
    for (let i = 0; i < 3; i++) {
      await keepAlive(raw.see(`${PING} ${SYN} 0 ${i}`));
      raw.send(PING, ACK, 0, i);
    }
    session.destroy();
    const silent = openRawYamux({ side: "client", keepAliveIntervalMs: 1, keepAliveTimeoutMs: 1 });
    assert.match(String(await keepAlive(reasonOf(silent.session))), /no sign of life/);
  });

  it("resets a half-closed stream on which nothing comes any more [mux:yamux]", async () => {
    const { session, raw } = openRawYamux({ side: "client", halfClosedTimeoutMs: 5 });
    const stream = session.openStream();
    raw.send(WINDOW, ACK, 1, 0);
    stream.end();
    await keepAlive(raw.see(`${WINDOW} ${RST} 1 0`));
    assert.match(String(stream.errored), /half closed and silent/);
    session.destroy();
  });
});

/** The session's own timers do not keep the process alive; a test that waits for one must. */
async function keepAlive<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1_000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

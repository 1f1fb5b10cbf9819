// A client that outlives its connections: when it dials, what its calls do meanwhile, and which of them are made again.
import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import type { Duplex } from "node:stream";
import { suite, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";

import {
  createGrpcServer,
  createReconnectingClient,
  createStreamPair,
  GrpcError,
  type ConnectivityState,
  type DialAttempt,
  type GrpcServer,
  type ReconnectingClient,
  type ReconnectOptions,
} from "../src/index.ts";
import { openConnection } from "../src/client/connect-grpc.ts";
import { FRAME_GOAWAY, FRAME_HEADERS, FRAME_RST_STREAM } from "../src/frames/frame-types.ts";
import { BackOff } from "../src/reconnect/back-off.ts";
import { chat, countUp, echo, join, registerEcho } from "./fixtures/echo-service.ts";
import { FakeClock } from "./fixtures/fake-clock.ts";
import { frame, message, RawPeer, RESPONSE_HEAD, uint32 } from "./fixtures/raw-peer.ts";
import { usedMemoryBytes } from "./fixtures/used-memory.ts";

const OK = { name: "grpc-status", value: "0" };

/** What a test says about each attempt to connect, in turn; after the last one the server is simply there. */
type Answer = "refuse" | "hang" | "silent" | ((stream: Duplex) => void);

class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly states: ConnectivityState[] = [];
  readonly dialsAtMs: number[] = [];
  readonly attempts: DialAttempt[] = [];
  /** The server's ends. */
  readonly streams: Duplex[] = [];
  readonly client: ReconnectingClient;
  server: GrpcServer = createGrpcServer();
  readonly #answers: Answer[];

  constructor(answers: readonly Answer[] = [], options: Partial<ReconnectOptions> = {}) {
    this.#answers = [...answers];
    registerEcho(this.server);
    this.client = createReconnectingClient({
      dial: (attempt) => this.#dial(attempt),
      clock: this.clock,
      random: () => 0.5,
      onStateChange: (state) => this.states.push(state),
      ...options,
    });
  }

  async reaches(state: ConnectivityState): Promise<void> {
    await until(() => this.client.state === state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    await this.client.closed;
    this.server.destroy();
  }

  #dial(attempt: DialAttempt): Promise<Duplex> {
    this.attempts.push(attempt);
    this.dialsAtMs.push(this.clock.now());
    const answer = this.#answers.shift();
    if (answer === "refuse") return Promise.reject(new Error("connection refused"));
    if (answer === "hang") return new Promise(() => {});
    const [near, far] = createStreamPair();
    this.streams.push(far);
    if (answer === undefined) this.server.accept(far);
    else if (answer !== "silent") answer(far);
    return Promise.resolve(near);
  }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; !isSo(); turn++) {
    if (turn > 2000) throw new Error("it never came to that");
    await nextTurn();
  }
}

/** A server that does as it is told to the first calls of its connection. */
function whenAsked(...acts: readonly ((peer: RawPeer, streamId: number) => void)[]): (stream: Duplex) => void {
  const serve = async (peer: RawPeer): Promise<void> => {
    for (const [i, act] of acts.entries()) {
      const streamId = 2 * i + 1;
      await peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === streamId);
      act(peer, streamId);
    }
  };
  // A client that asks less often is no failure.
  return (stream) => void serve(new RawPeer(stream, "server")).catch(() => {});
}

const refuse = (peer: RawPeer, streamId: number): void => peer.send(frame(FRAME_RST_STREAM, 0, streamId, uint32(7)));
const answer = (peer: RawPeer, streamId: number): void => {
  peer.headers(streamId, RESPONSE_HEAD);
  peer.data(streamId, message("in the end"));
  peer.headers(streamId, [OK], true);
};
const leaveWithoutIt = (peer: RawPeer): void =>
  peer.send(frame(FRAME_GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(0)])));

/** Begins to answer, and then does something else. */
const andThen =
  (act: (peer: RawPeer, streamId: number) => void) =>
  (peer: RawPeer, streamId: number): void => {
    peer.headers(streamId, RESPONSE_HEAD);
    peer.data(streamId, message("half"));
    act(peer, streamId);
  };

suite("back-off", () => {
  test("grows by 1.6 from 1 s to 120 s, a fifth of it left to chance", () => {
    const middle = new BackOff({}, () => 0.5);
    const delays = Array.from({ length: 13 }, () => middle.nextMs());
    assert.deepEqual(delays.slice(0, 4), [1000, 1600, 2560, 4096]);
    assert.equal(delays.at(-1), 120_000);
    middle.reset();
    assert.equal(middle.nextMs(), 1000);
    assert.equal(new BackOff({}, () => 0).nextMs(), 800);
    assert.equal(new BackOff({}, () => 0.999_999).nextMs(), 1200);
  });

  test("options that make none are refused", () => {
    for (const options of [{ initialMs: 0 }, { maxMs: 1 }, { factor: 0.5 }, { jitter: 1 }, { initialMs: Number.NaN }]) {
      assert.throws(() => new BackOff(options, Math.random), TypeError);
    }
  });
});

suite("connecting", () => {
  test("starts at once, and all four kinds of calls wait for it", async () => {
    await using world = new World();
    assert.equal(world.client.state, "connecting");
    const call = world.client.bidi(chat);
    const [unary, stream, joined] = await Promise.all([
      world.client.unary(echo, "a"),
      Array.fromAsync(world.client.serverStream(countUp, "2")),
      world.client.clientStream(join, ["x", "y"]),
      call.send("hello").then(() => call.end()),
    ]);
    assert.deepEqual([unary, stream, joined], ["a", ["0", "1"], "x,y"]);
    assert.deepEqual(await Array.fromAsync(call), ["hello"]);
    assert.deepEqual(world.states, ["connecting", "ready"]);
    assert.equal(world.dialsAtMs.length, 1);
  });

  test("waits for the first call when it is to be lazy, or for connect()", async () => {
    await using world = new World([], { connect: "lazily" });
    assert.equal(world.client.state, "idle");
    assert.equal(await world.client.unary(echo, "a"), "a");
    assert.deepEqual(world.states, ["connecting", "ready"]);
    await using other = new World([], { connect: "lazily" });
    other.client.connect();
    await other.reaches("ready");
  });

  test("is tried again with back-off, for as long as it takes", async () => {
    await using world = new World(["refuse", "refuse", "refuse"]);
    for (const delayMs of [1000, 1600, 2560]) {
      await world.reaches("transient-failure");
      assert.equal(world.clock.nextInMs, delayMs);
      world.clock.pass(delayMs - 1);
      assert.equal(world.client.state, "transient-failure");
      world.clock.pass(1);
    }
    await world.reaches("ready");
    assert.deepEqual(world.dialsAtMs, [0, 1000, 2600, 5160]);
  });

  test("fails calls that do not wait for better times, with the reason, and keeps those that do", async () => {
    await using world = new World(["refuse"]);
    const patient = world.client.unary(echo, "patient", { waitForReady: true });
    await assert.rejects(world.client.unary(echo, "x"), (error) => {
      assert.ok(GrpcError.is(error, "UNAVAILABLE"));
      assert.equal(error.message, "cannot connect: connection refused");
      assert.equal(error.unprocessed, "unsent");
      return true;
    });
    await assert.rejects(world.client.unary(echo, "x"), { code: "UNAVAILABLE" });
    world.clock.pass(1000);
    assert.equal(await patient, "patient");
  });

  test("that hangs, or reaches a server that says nothing, is given up after the timeout", async () => {
    await using world = new World(["hang", "silent"]);
    world.clock.pass(20_000);
    assert.equal(world.client.state, "connecting");
    assert.equal(world.attempts[0]?.signal.aborted, true);
    await until(() => world.streams.length === 1);
    await nextTurn();
    world.clock.pass(20_000);
    await until(() => world.dialsAtMs.length === 3);
    await until(() => world.streams[0]!.destroyed);
    await world.reaches("ready");
  });

  test("keeps the deadline and the signal of calls that wait", async () => {
    await using world = new World(["hang"]);
    const abort = new AbortController();
    const cancelled = world.client.unary(echo, "x", { signal: abort.signal, waitForReady: true });
    const late = Array.fromAsync(world.client.serverStream(countUp, "1", { deadlineMs: 10, waitForReady: true }));
    abort.abort("enough");
    await assert.rejects(cancelled, { code: "CANCELLED", cause: "enough" });
    await assert.rejects(late, { code: "DEADLINE_EXCEEDED", message: "the deadline of 10 ms passed" });
  });

  test("says what calls waited for when their deadline passes", async () => {
    await using world = new World(["refuse"]);
    const options = { deadlineMs: 10, waitForReady: true };
    const late = {
      code: "DEADLINE_EXCEEDED",
      message: "the deadline of 10 ms passed; cannot connect: connection refused",
    };
    await assert.rejects(world.client.unary(echo, "x", options), late);
    await assert.rejects(Array.fromAsync(world.client.serverStream(countUp, "1", options)), late);
  });

  test("has a bounded queue", async () => {
    await using world = new World(["hang"], { maxQueuedCalls: 2 });
    const waiting = [world.client.unary(echo, "1"), world.client.unary(echo, "2")];
    await assert.rejects(world.client.unary(echo, "3"), { code: "RESOURCE_EXHAUSTED" });
    await world.client.close();
    for (const call of waiting) await assert.rejects(call, { code: "UNAVAILABLE", message: "the client was closed" });
  });

  test("lets calls that wait share one listener on their signal", async () => {
    await using world = new World(["hang"]);
    const abort = new AbortController();
    const calls = Array.from({ length: 100 }, () => world.client.unary(echo, "x", { signal: abort.signal }));
    assert.ok(getEventListeners(abort.signal, "abort").length <= 2);
    abort.abort("enough");
    for (const call of calls) await assert.rejects(call, { code: "CANCELLED", cause: "enough" });
  });

  test("lets calls whose deadline has passed out of the queue", async () => {
    await using world = new World(["hang"], { maxQueuedCalls: 1 });
    for (let i = 0; i < 3; i++) {
      const late = world.client.unary(echo, "x", { deadlineMs: 5, waitForReady: true });
      await assert.rejects(late, { code: "DEADLINE_EXCEEDED" });
    }
  });

  test("reads sockets without Readable, bytes that come too early included", async () => {
    const server = createGrpcServer();
    registerEcho(server);
    const client = createReconnectingClient({
      client: { reads: "caller" },
      dial: async (attempt) => {
        const [near, far] = createStreamPair();
        near.on("data", (chunk: Buffer) => attempt.receive(chunk));
        server.accept(far);
        // The server's SETTINGS are here before the connection is.
        await nextTurn();
        await nextTurn();
        return near;
      },
    });
    assert.equal(await client.unary(echo, "a"), "a");
    assert.throws(() => client.receive(new Uint8Array()), TypeError);
    await client.close();
    server.destroy();
  });
});

suite("a connection that ends", () => {
  test("is followed by another, at once after a long life and not before the back-off after a short one", async () => {
    await using world = new World();
    await world.reaches("ready");
    world.clock.pass(60_000);
    world.streams[0]!.destroy();
    await until(() => world.dialsAtMs.length === 2);
    await world.reaches("ready");
    world.clock.pass(400);
    world.streams[1]!.destroy();
    await world.reaches("connecting");
    assert.equal(world.clock.nextInMs, 600);
    world.clock.pass(600);
    await world.reaches("ready");
    assert.deepEqual(world.states, [
      "connecting",
      "ready",
      "idle",
      "connecting",
      "ready",
      "idle",
      "connecting",
      "ready",
    ]);
  });

  test("leaves a lazy client idle until the next call", async () => {
    await using world = new World([], { connect: "lazily" });
    assert.equal(await world.client.unary(echo, "a"), "a");
    world.clock.pass(5000);
    world.streams[0]!.destroy();
    await world.reaches("idle");
    assert.equal(world.dialsAtMs.length, 1);
    assert.equal(await world.client.unary(echo, "b"), "b");
    assert.equal(world.dialsAtMs.length, 2);
  });

  test("by GOAWAY lets running calls finish and sends new ones to the next", async () => {
    await using world = new World();
    await world.reaches("ready");
    world.clock.pass(5000);
    const call = world.client.bidi(chat);
    const answers = call[Symbol.asyncIterator]();
    await call.send("one");
    assert.equal((await answers.next()).value, "one");
    const old = world.server;
    world.server = createGrpcServer();
    registerEcho(world.server);
    const closed = old.close();
    await until(() => world.dialsAtMs.length === 2);
    assert.equal(await world.client.unary(echo, "new"), "new");
    void call.send("two");
    assert.equal((await answers.next()).value, "two");
    call.end();
    assert.equal((await answers.next()).done, true);
    await closed;
  });

  test("fails the calls the server may have acted on, once", async () => {
    let requests = 0;
    await using world = new World([
      whenAsked((peer) => {
        requests++;
        peer.destroy();
      }),
    ]);
    await assert.rejects(world.client.unary(echo, "x"), (error) => {
      assert.ok(GrpcError.is(error, "UNAVAILABLE"));
      assert.equal(error.unprocessed, undefined);
      return true;
    });
    assert.equal(requests, 1);
  });
});

suite("calls the server has not acted on", () => {
  test("are made again after REFUSED_STREAM", async () => {
    await using unary = new World([whenAsked(refuse, answer)]);
    assert.equal(await unary.client.unary(echo, "x"), "in the end");
    await using streaming = new World([whenAsked(refuse, answer)]);
    assert.deepEqual(await Array.fromAsync(streaming.client.serverStream(countUp, "x")), ["in the end"]);
  });

  test("are made again on a new connection after a GOAWAY that leaves them out", async () => {
    await using world = new World([whenAsked(leaveWithoutIt)]);
    const call = world.client.unary(echo, "x");
    await until(() => world.states.includes("idle"));
    world.clock.pass(1000);
    assert.equal(await call, "x");
    assert.equal(world.dialsAtMs.length, 2);
  });

  for (const [name, change] of [
    ["REFUSED_STREAM", refuse],
    ["GOAWAY", leaveWithoutIt],
  ] as const) {
    test(`are none that it has begun to answer, whatever its ${name} says`, async () => {
      let heads = 0;
      const onHeaders = (): number => heads++;
      for (const ask of [
        (client: ReconnectingClient) => client.unary(echo, "x", { onHeaders }),
        (client: ReconnectingClient) => Array.fromAsync(client.serverStream(countUp, "x", { onHeaders })),
      ]) {
        await using world = new World([whenAsked(andThen(change), answer)]);
        await assert.rejects(ask(world.client), { code: "UNAVAILABLE", unprocessed: undefined });
      }
      assert.equal(heads, 2);
    });
  }

  test("are made again once, not for ever", async () => {
    await using world = new World([whenAsked(refuse, refuse, answer)]);
    await assert.rejects(world.client.unary(echo, "x"), { code: "UNAVAILABLE", unprocessed: "refused" });
  });

  test("are told so when their requests are a stream", async () => {
    await using world = new World([whenAsked(refuse, answer)]);
    await assert.rejects(world.client.clientStream(join, ["a"]), { code: "UNAVAILABLE", unprocessed: "refused" });
  });

  test("go to a new connection when the old one has used its 2^30 streams", async () => {
    const server = createGrpcServer();
    registerEcho(server);
    const [near, far] = createStreamPair();
    server.accept(far);
    let unavailable = 0;
    const last = 0x7fff_ffff;
    const connection = openConnection(near, {}, { firstStreamId: last, onUnavailable: () => unavailable++ });
    assert.equal(await connection.unary(echo, "the last"), "the last");
    assert.equal(connection.takesCalls, true);
    await assert.rejects(connection.unary(echo, "x"), { code: "UNAVAILABLE", unprocessed: "unsent" });
    assert.equal(connection.takesCalls, false);
    assert.equal(unavailable, 1);
    await connection.closed;
    server.destroy();
  });
});

suite("the end", () => {
  test("close() lets running calls finish, dials no more and refuses new calls", async () => {
    await using world = new World();
    await world.reaches("ready");
    const call = world.client.bidi(chat);
    const answers = call[Symbol.asyncIterator]();
    await call.send("one");
    assert.equal((await answers.next()).value, "one");
    const closed = world.client.close();
    assert.equal(world.client.state, "shutdown");
    await assert.rejects(world.client.unary(echo, "x"), { code: "UNAVAILABLE", message: "the client was closed" });
    void call.send("two");
    assert.equal((await answers.next()).value, "two");
    call.end();
    await closed;
    await world.client.closed;
    assert.equal(world.client.closeReason, undefined);
    assert.equal(world.clock.pending, 0);
  });

  test("close() while it connects, or between attempts, stops that", async () => {
    for (const answer of ["hang", "refuse", "silent"] as const) {
      await using world = new World([answer]);
      await world.reaches(answer === "refuse" ? "transient-failure" : "connecting");
      await nextTurn();
      await world.client.close();
      assert.equal(world.clock.pending, 0);
      assert.equal(world.dialsAtMs.length, 1);
    }
  });

  test("a stream that a late dial brings after the end is destroyed", async () => {
    const [near, far] = createStreamPair();
    const dial = Promise.withResolvers<Duplex>();
    const client = createReconnectingClient({ dial: () => dial.promise });
    await client.close();
    dial.resolve(near);
    await until(() => near.destroyed && far.destroyed);
  });

  test("destroy() cuts what runs, with its reason", async () => {
    await using world = new World();
    await world.reaches("ready");
    const call = world.client.bidi(chat);
    const answers = call[Symbol.asyncIterator]();
    await call.send("one");
    await answers.next();
    const reason = new RangeError("no more");
    world.client.destroy(reason);
    await assert.rejects(answers.next(), { code: "UNAVAILABLE" });
    await world.client.closed;
    assert.equal(world.client.closeReason, reason);
  });

  for (const [when, nth, dials] of [
    ["transient-failure", 1, 1],
    ["connecting", 2, 1],
    ["ready", 1, 2],
    ["idle", 1, 2],
  ] as const) {
    test(`a listener of states may close the client when it is ${when}`, async () => {
      let times = 0;
      const world = new World(["refuse"], {
        onStateChange: (state) => {
          if (state === when && ++times === nth) world.client.destroy();
        },
      });
      await world.reaches("transient-failure").catch(() => {});
      world.clock.pass(1000);
      if (when === "idle") {
        await world.reaches("ready");
        world.streams[0]!.destroy();
      }
      await world.reaches("shutdown");
      await world.client.closed;
      assert.equal(world.clock.pending, 0);
      assert.equal(world.dialsAtMs.length, dials);
      assert.ok(world.streams.every((stream) => stream.destroyed));
      world.server.destroy();
    });
  }
});

const neverDial = (): Promise<Duplex> => assert.fail("it dialled");

suite("callers that do it wrong", () => {
  test("a listener of states that throws changes nothing", async () => {
    const warned = once(process, "warning");
    await using world = new World(["refuse"], {
      onStateChange: (state) => {
        throw new RangeError(`not ${state}`);
      },
    });
    const call = world.client.unary(echo, "x", { waitForReady: true });
    await world.reaches("transient-failure");
    world.clock.pass(1000);
    assert.equal(await call, "x");
    assert.equal(((await warned) as [Error])[0].message, "not connecting");
  });

  test("options that no connection can have are refused at once", () => {
    for (const client of [{ authority: "not\nthis" }, { userAgent: "\0" }, { keepAlive: { idleMs: 0 } }]) {
      assert.throws(() => createReconnectingClient({ dial: neverDial, client }), TypeError);
    }
    for (const options of [{ connectTimeoutMs: Number.NaN }, { connectTimeoutMs: 0 }, { maxQueuedCalls: Number.NaN }]) {
      assert.throws(() => createReconnectingClient({ dial: neverDial, ...options }), TypeError);
    }
  });

  test("a dial that gives no stream, throws or rejects with nothing is a failed attempt", async () => {
    const dials = [
      () => Promise.resolve(undefined as unknown as Duplex),
      () => {
        throw new RangeError("sync");
      },
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what is wrong about it is the point
      () => Promise.reject(undefined),
    ];
    for (const dial of dials) {
      await using world = new World([], { dial });
      await assert.rejects(world.client.unary(echo, "x"), { code: "UNAVAILABLE", unprocessed: "unsent" });
      assert.equal(world.clock.pending, 1);
    }
  });

  test("what a server says before its stream is there is bounded", async () => {
    await using world = new World(["hang"]);
    await until(() => world.attempts.length === 1);
    const call = world.client.unary(echo, "x");
    for (let i = 0; i < 20; i++) world.attempts[0]!.receive(Buffer.alloc(16 * 1024));
    await assert.rejects(call, { code: "UNAVAILABLE", message: /before its stream was there/ });
    assert.equal(world.attempts[0]!.signal.aborted, true);
  });

  test("what a dial brings after its attempt is dropped, not kept", async () => {
    await using world = new World(["hang"]);
    await until(() => world.attempts.length === 1);
    world.clock.pass(20_000);
    const before = await usedMemoryBytes();
    for (let i = 0; i < 32; i++) world.attempts[0]!.receive(Buffer.alloc(1024 * 1024));
    assert.ok((await usedMemoryBytes()) - before < 8 * 1024 * 1024);
  });

  test("a lazy client connects for a call made while its connection ends", async () => {
    await using world = new World([], { connect: "lazily" });
    let inTheEnd: Promise<string> | undefined;
    const requests: AsyncIterableIterator<string> = {
      next: () => new Promise(() => {}),
      return() {
        inTheEnd = world.client.unary(echo, "in the end");
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => requests,
    };
    const cut = world.client.clientStream(join, requests);
    await world.reaches("ready");
    await nextTurn();
    world.clock.pass(5000);
    world.streams[0]!.destroy();
    await assert.rejects(cut, { code: "UNAVAILABLE" });
    assert.equal(await inTheEnd, "in the end");
  });
});

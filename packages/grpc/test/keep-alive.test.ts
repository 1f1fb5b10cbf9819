// When a silent peer is pinged, what a server would punish, and that a dead peer is given up.
import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { connectGrpc, createGrpcServer, createStreamPair, GrpcError } from "../src/index.ts";
import { KeepAliveTimer, type KeepAlivePeer, type KeepAlivePolicy } from "../src/connection/keep-alive.ts";
import { FLAG_ACK, FRAME_PING } from "../src/frames/frame-types.ts";
import { chat, echo, registerEcho } from "./fixtures/echo-service.ts";
import { FakeClock } from "./fixtures/fake-clock.ts";
import { connectToGoServer } from "./fixtures/go-interop.ts";
import { findGoPeer } from "./fixtures/go-peer.ts";
import { fullDuplexCall } from "./fixtures/interop-service.ts";
import { frame, RawPeer } from "./fixtures/raw-peer.ts";

const MINUTE = 60_000;

class Peer implements KeepAlivePeer {
  heard = false;
  heardContent = false;
  hasCalls = true;
  pingsAtMs: number[] = [];
  silentAtMs: number | undefined;
  answers = true;
  readonly clock = new FakeClock();
  readonly timer: KeepAliveTimer;

  constructor(policy: Partial<KeepAlivePolicy> = {}) {
    const whole = { idleMs: MINUTE, timeoutMs: 1000, withoutCalls: false, minIntervalMs: 5 * MINUTE, ...policy };
    this.timer = new KeepAliveTimer(this, whole, this.clock);
  }

  ping(): void {
    this.pingsAtMs.push(this.clock.now());
    if (!this.answers) return;
    this.heard = true;
    this.timer.onPingAck();
  }

  onSilence(): void {
    this.silentAtMs = this.clock.now();
  }

  get gapsMs(): number[] {
    return this.pingsAtMs.slice(1).map((atMs, i) => atMs - this.pingsAtMs[i]!);
  }
}

suite("the rules of pings", () => {
  test("a peer that is heard is not pinged", () => {
    const peer = new Peer();
    for (let i = 0; i < 100; i++) {
      peer.heard = true;
      peer.clock.pass(MINUTE);
    }
    assert.deepEqual(peer.pingsAtMs, []);
  });

  test("without data a server sees no two pings within its shortest interval", () => {
    const peer = new Peer();
    peer.clock.pass(120 * MINUTE);
    assert.ok(peer.pingsAtMs.length >= 15);
    assert.ok(peer.gapsMs.every((gapMs) => gapMs > 5 * MINUTE));
    assert.equal(peer.silentAtMs, undefined);
  });

  test("what the server sends after its answer makes the next ping free, what crosses the ping does not", () => {
    const peer = new Peer();
    peer.clock.pass(2 * MINUTE);
    assert.equal(peer.pingsAtMs.length, 1);
    peer.heardContent = true;
    peer.clock.pass(3 * MINUTE);
    assert.equal(peer.pingsAtMs.length, 2);
    const crossed = new Peer();
    crossed.answers = false;
    crossed.clock.pass(MINUTE);
    crossed.heardContent = true;
    crossed.heard = true;
    crossed.timer.onPingAck();
    crossed.clock.pass(4 * MINUTE);
    assert.equal(crossed.pingsAtMs.length, 1);
  });

  test("what the server sends instead of an answer does not make the next ping free", () => {
    const peer = new Peer();
    peer.answers = false;
    peer.clock.pass(MINUTE);
    assert.equal(peer.pingsAtMs.length, 1);
    peer.heard = true;
    peer.heardContent = true;
    peer.clock.pass(3 * MINUTE);
    assert.equal(peer.pingsAtMs.length, 1);
  });

  test("without calls there are no pings, unless they are allowed", () => {
    const peer = new Peer();
    peer.hasCalls = false;
    peer.clock.pass(300 * MINUTE);
    assert.deepEqual(peer.pingsAtMs, []);
    peer.hasCalls = true;
    peer.clock.pass(MINUTE);
    assert.equal(peer.pingsAtMs.length, 1);
    const allowed = new Peer({ withoutCalls: true });
    allowed.hasCalls = false;
    allowed.clock.pass(10 * MINUTE);
    assert.equal(allowed.pingsAtMs.length, 2);
  });

  test("a peer that stays silent is given up after the timeout, and not before", () => {
    const peer = new Peer();
    peer.answers = false;
    peer.clock.pass(MINUTE + 999);
    assert.equal(peer.silentAtMs, undefined);
    peer.clock.pass(2);
    assert.equal(peer.silentAtMs, MINUTE + 1001);
    assert.equal(peer.clock.pending, 0);
  });

  test("any byte is a sign of life", () => {
    const peer = new Peer();
    peer.answers = false;
    peer.clock.pass(MINUTE + 500);
    peer.heard = true;
    peer.clock.pass(MINUTE);
    assert.equal(peer.silentAtMs, undefined);
  });

  test("a stopped keep-alive does nothing more", () => {
    const peer = new Peer();
    peer.timer.stop();
    peer.clock.pass(10 * MINUTE);
    assert.deepEqual(peer.pingsAtMs, []);
    assert.equal(peer.clock.pending, 0);
  });
});

suite("connections", () => {
  test("our client pings, our server answers, and calls go on", async () => {
    const server = createGrpcServer();
    registerEcho(server);
    const [near, far] = createStreamPair();
    server.accept(far);
    let pings = 0;
    const third = Promise.withResolvers<void>();
    far.on("data", (chunk: Buffer) => {
      if (chunk.includes("alive?") && ++pings === 3) third.resolve();
    });
    const keepAlive = { idleMs: 5, timeoutMs: 5000, serverMinIntervalMs: 1 };
    const client = connectGrpc(near, { keepAlive });
    const call = client.bidi(chat);
    await call.send("open");
    await third.promise;
    assert.equal(await client.unary(echo, "alive"), "alive");
    call.cancel();
    await client.close();
    server.destroy();
  });

  test("a server that answers nothing loses its client, which says why", async () => {
    const [near, far] = createStreamPair();
    const peer = new RawPeer(far, "server");
    const client = connectGrpc(near, { keepAlive: { idleMs: 5, timeoutMs: 10 } });
    await assert.rejects(client.unary(echo, "x"), (error) => {
      assert.ok(GrpcError.is(error, "UNAVAILABLE"));
      assert.match(error.message, /the server answers nothing, not even a ping within 10 ms/);
      return true;
    });
    await client.closed;
    await peer.ended;
  });

  test("a client that answers nothing is let go by our server, one that answers stays", async () => {
    for (const answers of [true, false]) {
      const server = createGrpcServer({ keepAlive: { idleMs: 5, timeoutMs: 20 } });
      const [near, far] = createStreamPair();
      server.accept(far);
      const peer = new RawPeer(near, "client");
      if (answers) {
        for (let i = 0; i < 5; i++) {
          const ping = await peer.find((seen) => seen.type === FRAME_PING);
          peer.frames.splice(peer.frames.indexOf(ping), 1);
          peer.send(frame(FRAME_PING, FLAG_ACK, 0, ping.payload));
        }
      } else await peer.ended;
      server.destroy();
      await peer.ended;
    }
  });

  test("times that are none are refused", () => {
    for (const keepAlive of [
      { idleMs: 0 },
      { idleMs: Number.NaN },
      { idleMs: 1, timeoutMs: -1 },
      { idleMs: 1, serverMinIntervalMs: 0 },
    ]) {
      assert.throws(() => connectGrpc(createStreamPair()[0], { keepAlive }), TypeError);
      assert.throws(() => createGrpcServer({ keepAlive }), TypeError);
    }
  });
});

const goServer = findGoPeer("grpc-interop-server");

suite("a server written in Go", { skip: goServer.skip }, () => {
  test("does not punish a client that keeps to the rules, and would punish one that does not", async () => {
    for (const [serverMinIntervalMs, isPunished] of [
      [undefined, false],
      [1, true],
    ] as const) {
      const keepAlive = { idleMs: 10, ...(serverMinIntervalMs === undefined ? {} : { serverMinIntervalMs }) };
      await using go = await connectToGoServer(goServer.path, "plaintext", { keepAlive });
      const call = go.client.bidi(fullDuplexCall);
      const ended = Array.fromAsync(call).catch((error: unknown) => error);
      if (isPunished) {
        const error = await ended;
        assert.ok(GrpcError.is(error, "UNAVAILABLE"));
        assert.match(String(go.client.closeReason), /too_many_pings/);
      } else {
        await delay(500);
        call.end();
        assert.deepEqual(await ended, []);
      }
    }
  });
});

test("a process with nothing but a keep-alive ends", async () => {
  const { spawn } = await import("node:child_process");
  const index = JSON.stringify(new URL("../src/index.ts", import.meta.url).href);
  const code = `import { connectGrpc, createStreamPair } from ${index};
    connectGrpc(createStreamPair()[0], { keepAlive: { idleMs: 3_600_000 } });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "ignore" });
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

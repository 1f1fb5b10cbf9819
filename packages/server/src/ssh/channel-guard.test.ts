import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";

import type { ServerChannel, Session } from "ssh2";

import { acceptPacketSize, guardChannel } from "./channel-guard.ts";
import { WriteGate } from "./write-gate.ts";

function sessionWith(packetSize: number): { readonly session: Session; readonly outgoing: { packetSize: number } } {
  const outgoing = { packetSize, window: 0 };
  return { session: { _chanInfo: { outgoing } } as unknown as Session, outgoing };
}

for (const [asked, accepted, used] of [
  [0, false, 0],
  [1023, false, 1023],
  [1024, true, 1024],
  [32_768, true, 32_768],
  [4_294_967_295, true, 32_768],
] as const) {
  test(`a packet size of ${asked} is ${accepted ? `served with ${used}` : "refused"}`, () => {
    const { session, outgoing } = sessionWith(asked);
    assert.equal(acceptPacketSize(session), accepted);
    assert.equal(outgoing.packetSize, used);
  });
}

interface Guarded {
  readonly channel: Duplex;
  readonly gate: WriteGate;
  readonly connection: { canTakeMore: boolean };
  readonly written: string[];
  readonly overflows: number[];
}

function guarded(): Guarded {
  const written: string[] = [];
  const overflows: number[] = [];
  const connection = { canTakeMore: true };
  const gate = new WriteGate(() => connection.canTakeMore);
  const channel = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, callback) {
      written.push(chunk.toString());
      callback();
    },
  });
  guardChannel(channel as unknown as ServerChannel, {
    gate,
    onTraffic: () => undefined,
    onOverflow: () => overflows.push(channel.readableLength),
  });
  return { channel, gate, connection, written, overflows };
}

test("a channel writes while the connection keeps up, and waits for it when it does not", () => {
  const { channel, gate, connection, written } = guarded();
  channel.write("first");
  connection.canTakeMore = false;
  channel.write("second");
  channel.write("third");
  assert.deepEqual(written, ["first"]);
  connection.canTakeMore = true;
  gate.open();
  assert.deepEqual(written, ["first", "second", "third"]);
});

test("a client that ignores the window is noticed before much is kept", () => {
  const { channel, overflows } = guarded();
  for (let pushed = 0; pushed < 5; pushed += 1) {
    channel.push(Buffer.alloc(1024 * 1024));
  }
  assert.deepEqual(overflows, [4 * 1024 * 1024]);
  assert.equal(channel.readableLength, 4 * 1024 * 1024);
});

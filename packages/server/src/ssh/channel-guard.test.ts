import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";

import type { ServerChannel, Session } from "ssh2";

import { acceptPacketSize, guardChannel } from "./channel-guard.ts";

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

class FakeSocket extends EventEmitter {
  writableLength = 0;
}

interface Guarded {
  readonly channel: Duplex;
  readonly socket: FakeSocket;
  readonly written: string[];
  readonly overflows: number[];
}

function guarded(): Guarded {
  const written: string[] = [];
  const overflows: number[] = [];
  const socket = new FakeSocket();
  const channel = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, callback) {
      written.push(chunk.toString());
      callback();
    },
  });
  guardChannel(channel as unknown as ServerChannel, {
    socket: socket as unknown as Socket,
    onTraffic: () => undefined,
    onOverflow: () => overflows.push(channel.readableLength),
  });
  return { channel, socket, written, overflows };
}

test("a channel writes while the socket keeps up, and waits for it when it does not", () => {
  const { channel, socket, written } = guarded();
  channel.write("first");
  socket.writableLength = 1024 * 1024 + 1;
  channel.write("second");
  channel.write("third");
  assert.deepEqual(written, ["first"]);
  socket.writableLength = 0;
  socket.emit("drain");
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

import type { ServerChannel, Session } from "ssh2";

import { type ChannelInternals, outgoingWindow } from "./ssh2-internals.ts";
import type { WriteGate } from "./write-gate.ts";

/** RFC 4253 section 6.1: payloads of 32768 bytes are what every implementation can take. */
const MAX_PACKET_BYTES = 32_768;
/** A client that asks for smaller packets makes us work for nothing; with 0, ssh2 would loop for ever. */
const MIN_PACKET_BYTES = 1024;
/** ssh2's receive window is 2 MiB; a client that sends more than twice that ignores it. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** Whether the client's packet size can be served; a too large one is lowered. */
export function acceptPacketSize(session: Session): boolean {
  const outgoing = outgoingWindow(session);
  outgoing.packetSize = Math.min(outgoing.packetSize, MAX_PACKET_BYTES);
  return outgoing.packetSize >= MIN_PACKET_BYTES;
}

export interface ChannelGuardOptions {
  /** Open while the connection can take more of ours. */
  readonly gate: WriteGate;
  /** Called for every piece of data in either direction. */
  readonly onTraffic: () => void;
  /** The client sent more than its window; the connection should end. */
  readonly onOverflow: () => void;
}

/**
 * Adds to an ssh2 channel the two bounds it lacks: it stops writing while the connection cannot take more (ssh2 looks
 * only at the SSH window, which the client chooses), and it notices a client that overruns our window.
 */
export function guardChannel(channel: ServerChannel, options: ChannelGuardOptions): void {
  const { gate, onTraffic, onOverflow } = options;
  const internals = channel as unknown as ChannelInternals;
  const write = internals._write.bind(internals);
  const push = internals.push.bind(internals);

  internals._write = (chunk, encoding, callback) => {
    onTraffic();
    gate.pass(() => {
      write(chunk, encoding, callback);
    });
  };

  internals.push = (chunk) => {
    onTraffic();
    if (chunk !== null && channel.readableLength + chunk.length > MAX_UNREAD_BYTES) {
      onOverflow();
      return false;
    }
    return push(chunk);
  };
}

import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

import type { Connection, ServerChannel, Session } from "ssh2";

/**
 * The few places where ssh2 1.17 keeps what its API does not give away. Everything else in this folder
 * uses the documented API; the version is pinned.
 */
interface ConnectionInternals {
  readonly _sock: Socket;
  readonly _protocol: {
    readonly _kex: { readonly sessionID?: Buffer } | undefined;
    /** Our offer, from when it is sent until the new keys are in use. */
    readonly _kexinit: Buffer | undefined;
    readonly _remoteIdentRaw: Buffer | undefined;
    channelClose(channel: number): void;
  };
  readonly _chanMgr: { remove(channel: number): void };
}

interface ChannelWindow {
  window: number;
  packetSize: number;
}

interface SessionInternals {
  readonly _chanInfo: {
    readonly incoming: { readonly id: number };
    readonly outgoing: ChannelWindow & { readonly id: number };
  };
  readonly _channel: unknown;
}

/** A channel's stream hooks, replaced by the channel guard. */
export interface ChannelInternals extends Duplex {
  push(chunk: Uint8Array | null): boolean;
  _write(chunk: Uint8Array, encoding: BufferEncoding, callback: (error?: Error | null) => void): void;
}

interface ChannelState {
  readonly _client: { readonly _protocol: { exitStatus(channel: number, status: number): void } };
  readonly outgoing: { readonly id: number; readonly state: string };
}

/**
 * Sends an exit status of 0 just before the channel's stream ends by itself. `channel.exit()` does nothing
 * once `end()` was called, and a client like scp takes a missing status for a failure.
 */
export function exitOnEnd(channel: ServerChannel): void {
  const { _client: client, outgoing } = channel as unknown as ChannelState;
  channel.prependListener("prefinish", () => {
    if (outgoing.state === "open") {
      client._protocol.exitStatus(outgoing.id, 0);
    }
  });
}

/**
 * Forgets a session the client closed before it asked for anything. ssh2 neither answers nor forgets, so
 * that a client opening and closing sessions would fill the memory.
 */
export function closeUnusedSession(connection: Connection, session: Session): void {
  const { _channel: channel, _chanInfo: info } = session as unknown as SessionInternals;
  if (channel === undefined) {
    const { _protocol: protocol, _chanMgr: manager } = connection as unknown as ConnectionInternals;
    protocol.channelClose(info.outgoing.id);
    manager.remove(info.incoming.id);
  }
}

/** The socket a connection runs on. */
export function socketOf(connection: Connection): Socket {
  return (connection as unknown as ConnectionInternals)._sock;
}

/**
 * Whether keys are being exchanged. Meanwhile ssh2 keeps what is to be sent, without a bound and without telling
 * the channels; the connection's "handshake" event says that the exchange is over.
 */
export function isExchangingKeys(connection: Connection): boolean {
  return (connection as unknown as ConnectionInternals)._protocol._kexinit !== undefined;
}

/** What the client calls itself: `SSH-2.0-OpenSSH_9.9`. */
export function clientIdent(connection: Connection): string {
  return (connection as unknown as ConnectionInternals)._protocol._remoteIdentRaw?.toString("latin1") ?? "";
}

/** The SSH session identifier (RFC 4253 section 7.2) in hex; empty before the first key exchange. */
export function sshSessionId(connection: Connection): string {
  const kex = (connection as unknown as ConnectionInternals)._protocol._kex;
  return kex?.sessionID?.toString("hex") ?? "";
}

/** The largest packet the client takes on this session's channel; may be set to a smaller one. */
export function outgoingWindow(session: Session): ChannelWindow {
  return (session as unknown as SessionInternals)._chanInfo.outgoing;
}

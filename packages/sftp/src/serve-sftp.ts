import type { Duplex } from "node:stream";
import type { FileSystem } from "./file-system.ts";
import { MAX_PACKET_BYTES, MAX_TRANSFER_BYTES } from "./protocol/packet-limits.ts";
import type { HandleBudget } from "./session/open-handles.ts";
import { SftpSession } from "./session/sftp-session.ts";
import type { SftpLogger, SftpSessionEnd } from "./session/sftp-session.ts";

/** Bounds of one session. */
export interface ServeSftpOptions {
  /** Files and directories open at once; one more OPEN is answered FAILURE. Default 1024. Reported by limits@openssh.com. */
  readonly maxHandles?: number;
  /** Places for handles shared with other sessions; an OPEN that finds none is answered FAILURE. Default: no such limit. */
  readonly handleBudget?: HandleBudget;
  /** Longest packet taken; a longer one ends the session. Default 257 KiB, at least 34,000 (draft §3). */
  readonly maxPacketBytes?: number;
  /** Requests being worked on at once; further ones wait in the stream. Default 64, what OpenSSH's client keeps in flight. */
  readonly maxInFlight?: number;
  /**
   * Bytes of file data and unsent replies held at once; further requests wait in the stream. Default 4 MiB. May be
   * exceeded by one packet.
   */
  readonly maxInFlightBytes?: number;
  /**
   * Whether the stream has no more use for a chunk once its write callback was called, so that reply buffers can be used
   * again. True of sockets and of streams that encrypt; not of those that pass chunks on (PassThrough, duplexPair).
   * Default false.
   */
  readonly reuseReplyBuffers?: boolean;
  /** Hears of broken clients and failing file systems. Default: nobody. */
  readonly logger?: SftpLogger;
  /** Aborted: gives up waiting requests, closes the handles and destroys the stream. */
  readonly signal?: AbortSignal;
}

const SMALLEST_PACKET_LIMIT = 34_000;
const PACKET_ROOM_BYTES = 1024;
const silent: SftpLogger = { log: () => undefined };

/**
 * Serves SFTP version 3 (draft-ietf-secsh-filexfer-02 with OpenSSH's extensions) to the client at the other end of
 * `stream`, until that ends.
 *
 * Nothing a client sends makes it reject: malformed packets are answered BAD_MESSAGE, and end the session when no answer
 * is possible. Resolves after every request has come to its end, every handle has been closed (`aborted`), and the stream
 * has taken the last reply or is gone; a client that takes no replies is waited for 10 s. Ends our side of the stream,
 * and destroys it unless the client left in order.
 */
export function serveSftp(stream: Duplex, fs: FileSystem, options: ServeSftpOptions = {}): Promise<SftpSessionEnd> {
  const maxPacketBytes = Math.max(options.maxPacketBytes ?? MAX_PACKET_BYTES, SMALLEST_PACKET_LIMIT);
  const session = new SftpSession(stream, fs, {
    maxHandles: options.maxHandles ?? 1024,
    handleBudget: options.handleBudget,
    maxPacketBytes,
    maxTransferBytes: Math.min(MAX_TRANSFER_BYTES, maxPacketBytes - PACKET_ROOM_BYTES),
    maxInFlight: options.maxInFlight ?? 64,
    maxInFlightBytes: options.maxInFlightBytes ?? 4 * 1024 * 1024,
    reuseReplyBuffers: options.reuseReplyBuffers ?? false,
    logger: options.logger ?? silent,
  });
  return session.run(options.signal);
}

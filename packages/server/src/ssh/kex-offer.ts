import type { SshAlgorithms } from "../config/ssh-algorithms.ts";

/** Bytes of a connection's start that are enough for its version line and KEXINIT. */
export const MAX_OFFER_BYTES = 16 * 1024;

const KEXINIT = 20;
const COOKIE_BYTES = 16;

/** The lists of a KEXINIT message (RFC 4253 section 7.1) that must find a match, in its order. */
const LISTS = [
  "key exchange",
  "host key",
  "client to server cipher",
  "server to client cipher",
  "client to server MAC",
  "server to client MAC",
] as const;

type ListName = (typeof LISTS)[number];

/**
 * What a client and we could not agree on, in the words SFTPGo's log events have; `undefined` when
 * everything has a match or `start`, the connection's first bytes, holds no complete KEXINIT.
 */
export function describeMismatch(
  start: Buffer,
  ours: SshAlgorithms,
  hostKeyAlgorithms: readonly string[] = ours.hostKeys,
): string | undefined {
  const theirs = readOffer(start);
  if (theirs === undefined) {
    return undefined;
  }
  const offered: Readonly<Record<ListName, readonly string[]>> = {
    "key exchange": [...ours.kex, "kex-strict-s-v00@openssh.com"],
    "host key": hostKeyAlgorithms,
    "client to server cipher": ours.ciphers,
    "server to client cipher": ours.ciphers,
    "client to server MAC": ours.macs,
    "server to client MAC": ours.macs,
  };
  const failed = LISTS.find((name) => !offered[name].some((algorithm) => theirs.get(name)?.includes(algorithm)));
  return failed === undefined
    ? undefined
    : `ssh: no common algorithm for ${failed}; we offered: [${offered[failed].join(" ")}], ` +
        `peer offered: [${theirs.get(failed)?.join(" ")}]`;
}

function readOffer(start: Buffer): ReadonlyMap<ListName, readonly string[]> | undefined {
  const lineEnd = start.indexOf("\n");
  // Packet length, padding length, message type, cookie; the first packet is not encrypted.
  const packet = start.subarray(lineEnd + 1);
  const listsStart = 4 + 1 + 1 + COOKIE_BYTES;
  if (lineEnd < 0 || packet.length < listsStart || packet[5] !== KEXINIT) {
    return undefined;
  }
  const lists = new Map<ListName, readonly string[]>();
  let offset = listsStart;
  for (const name of LISTS) {
    const end = offset + 4 + (offset + 4 <= packet.length ? packet.readUInt32BE(offset) : 0);
    if (offset + 4 > packet.length || end > packet.length) {
      return undefined;
    }
    const text = packet.toString("latin1", offset + 4, end);
    lists.set(name, text === "" ? [] : text.split(","));
    offset = end;
  }
  return lists;
}

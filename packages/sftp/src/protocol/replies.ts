import type { FileAttributes, StatVfs, UserGroupNames } from "../file-system.ts";
import type { SftpErrorCode } from "../sftp-error.ts";
import { encodeAttributes } from "./attributes.ts";
import { EXTENSIONS } from "./extended-requests.ts";
import type { ExtendedRequestKind } from "./extended-requests.ts";
import { DATA_HEADER_BYTES } from "./packet-limits.ts";
import type { PacketWriter } from "./packet-writer.ts";
import { PACKET, PROTOCOL_VERSION, STATUS_NUMBER, STATUS_OK, STATVFS_BIT } from "./wire-numbers.ts";

/** Longest message sent with a status. */
const MAX_MESSAGE_CHARACTERS = 512;

const NO_ATTRIBUTES: FileAttributes = {};

/** VERSION (draft §4) announcing the extensions `offers` says yes to (OpenSSH PROTOCOL §4.2). */
export function encodeVersion(writer: PacketWriter, offers: (kind: ExtendedRequestKind) => boolean): void {
  // VERSION has no id: the version stands in its place.
  const start = writer.begin(PACKET.VERSION, PROTOCOL_VERSION);
  for (const { kind, name, version } of EXTENSIONS) {
    if (!offers(kind)) continue;
    writer.string(name);
    writer.string(version);
  }
  writer.finish(start);
}

/** STATUS (draft §7) with an empty language tag. */
export function encodeStatus(writer: PacketWriter, id: number, code: SftpErrorCode | "OK", message: string): void {
  const start = writer.begin(PACKET.STATUS, id);
  writer.uint32(code === "OK" ? STATUS_OK : STATUS_NUMBER[code]);
  writer.string(message.length > MAX_MESSAGE_CHARACTERS ? message.slice(0, MAX_MESSAGE_CHARACTERS) : message);
  writer.string("");
  writer.finish(start);
}

/** HANDLE (draft §7): four bytes that mean nothing to the client. */
export function encodeHandle(writer: PacketWriter, id: number, handle: number): void {
  const start = writer.begin(PACKET.HANDLE, id);
  writer.uint32(4);
  writer.uint32(handle);
  writer.finish(start);
}

/** Fills in the header of a DATA reply (draft §7) whose payload already stands behind it in `buffer`. */
export function encodeDataHeader(buffer: Buffer, id: number, payloadBytes: number): void {
  buffer.writeUInt32BE(DATA_HEADER_BYTES - 4 + payloadBytes, 0);
  buffer[4] = PACKET.DATA;
  buffer.writeUInt32BE(id, 5);
  buffer.writeUInt32BE(payloadBytes, 9);
}

/** ATTRS (draft §7). */
export function encodeAttributesReply(writer: PacketWriter, id: number, attributes: FileAttributes): void {
  const start = writer.begin(PACKET.ATTRS, id);
  encodeAttributes(writer, attributes);
  writer.finish(start);
}

/** NAME (draft §7) with one path and no attributes, as REALPATH and READLINK answer (draft §6.9, §6.11). */
export function encodePath(writer: PacketWriter, id: number, path: string): void {
  const start = writer.begin(PACKET.NAME, id);
  writer.uint32(1);
  writer.string(path);
  writer.string(path);
  encodeAttributes(writer, NO_ATTRIBUTES);
  writer.finish(start);
}

/** One line of a READDIR reply. */
export interface NameEntry {
  readonly name: string;
  readonly longName: string;
  readonly attributes: FileAttributes;
}

/**
 * NAME (draft §7) with as many entries as fit in `maxBytes`, at least one.
 *
 * @returns how many entries were written
 */
export function encodeNames(writer: PacketWriter, id: number, entries: readonly NameEntry[], maxBytes: number): number {
  const start = writer.begin(PACKET.NAME, id);
  const countAt = writer.length;
  writer.uint32(0);
  let count = 0;
  for (const { name, longName, attributes } of entries) {
    const entryAt = writer.length;
    writer.string(name);
    writer.string(longName);
    encodeAttributes(writer, attributes);
    if (count > 0 && writer.length - start > maxBytes) {
      writer.rewind(entryAt);
      break;
    }
    count += 1;
  }
  writer.patchUint32(countAt, count);
  writer.finish(start);
  return count;
}

/** Reply to statvfs@openssh.com and fstatvfs@openssh.com (OpenSSH PROTOCOL §4.4). */
export function encodeStatVfs(writer: PacketWriter, id: number, vfs: StatVfs): void {
  const start = writer.begin(PACKET.EXTENDED_REPLY, id);
  writer.uint64(vfs.blockSizeBytes);
  writer.uint64(vfs.fragmentSizeBytes);
  writer.uint64(vfs.blocks);
  writer.uint64(vfs.freeBlocks);
  writer.uint64(vfs.availableBlocks);
  writer.uint64(vfs.files);
  writer.uint64(vfs.freeFiles);
  writer.uint64(vfs.availableFiles);
  writer.uint64(vfs.fileSystemId);
  writer.uint64((vfs.readOnly ? STATVFS_BIT.READ_ONLY : 0n) | (vfs.noSetUid ? STATVFS_BIT.NO_SET_UID : 0n));
  writer.uint64(vfs.maxNameBytes);
  writer.finish(start);
}

/** What limits@openssh.com answers; 0 for no limit. */
export interface Limits {
  readonly packetBytes: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly handles: number;
}

/** Reply to limits@openssh.com (OpenSSH PROTOCOL §4.8). */
export function encodeLimits(writer: PacketWriter, id: number, limits: Limits): void {
  const start = writer.begin(PACKET.EXTENDED_REPLY, id);
  writer.uint64(BigInt(limits.packetBytes));
  writer.uint64(BigInt(limits.readBytes));
  writer.uint64(BigInt(limits.writeBytes));
  writer.uint64(BigInt(limits.handles));
  writer.finish(start);
}

/** Reply to users-groups-by-id@openssh.com (OpenSSH PROTOCOL §4.12): two strings, each a row of strings. */
export function encodeUserGroupNames(writer: PacketWriter, id: number, names: UserGroupNames): void {
  const start = writer.begin(PACKET.EXTENDED_REPLY, id);
  for (const row of [names.users, names.groups]) {
    const lengthAt = writer.length;
    writer.uint32(0);
    for (const name of row) writer.string(name);
    writer.patchUint32(lengthAt, writer.length - lengthAt - 4);
  }
  writer.finish(start);
}

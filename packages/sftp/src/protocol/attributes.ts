import type { FileAttributes } from "../file-system.ts";
import type { PacketReader } from "./packet-reader.ts";
import type { PacketWriter } from "./packet-writer.ts";
import { ATTRIBUTE_BIT } from "./wire-numbers.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads an ATTRS field (draft §5). Vendor attributes are passed over, unknown flags ignored as OpenSSH does. */
export function decodeAttributes(reader: PacketReader): FileAttributes {
  const flags = reader.uint32();
  const attributes: Mutable<FileAttributes> = {};
  if (flags & ATTRIBUTE_BIT.SIZE) attributes.sizeBytes = reader.uint64();
  if (flags & ATTRIBUTE_BIT.OWNER) {
    attributes.uid = reader.uint32();
    attributes.gid = reader.uint32();
  }
  if (flags & ATTRIBUTE_BIT.MODE) attributes.mode = reader.uint32();
  if (flags & ATTRIBUTE_BIT.TIMES) {
    attributes.accessTimeS = reader.uint32();
    attributes.modifyTimeS = reader.uint32();
  }
  if (flags & ATTRIBUTE_BIT.EXTENDED) skipVendorAttributes(reader);
  return attributes;
}

/** Whatever count is announced, each attribute takes at least 8 bytes of the packet, or the reader refuses it. */
function skipVendorAttributes(reader: PacketReader): void {
  for (let count = reader.uint32(); count > 0; count -= 1) {
    reader.bytes();
    reader.bytes();
  }
}

/** Writes an ATTRS field. Owner and times travel in pairs; a missing half is sent as 0 (uid, gid) or as the other (times). */
export function encodeAttributes(writer: PacketWriter, attributes: FileAttributes): void {
  const { sizeBytes, uid, gid, mode, accessTimeS, modifyTimeS } = attributes;
  const hasOwner = uid !== undefined || gid !== undefined;
  const hasTimes = accessTimeS !== undefined || modifyTimeS !== undefined;
  writer.uint32(
    (sizeBytes === undefined ? 0 : ATTRIBUTE_BIT.SIZE) |
      (hasOwner ? ATTRIBUTE_BIT.OWNER : 0) |
      (mode === undefined ? 0 : ATTRIBUTE_BIT.MODE) |
      (hasTimes ? ATTRIBUTE_BIT.TIMES : 0),
  );
  if (sizeBytes !== undefined) writer.uint64(sizeBytes);
  if (hasOwner) {
    writer.uint32(uid ?? 0);
    writer.uint32(gid ?? 0);
  }
  if (mode !== undefined) writer.uint32(mode);
  if (hasTimes) {
    writer.uint32(toWireTime(accessTimeS ?? modifyTimeS ?? 0));
    writer.uint32(toWireTime(modifyTimeS ?? accessTimeS ?? 0));
  }
}

/** Version 3 has unsigned 32-bit seconds: times before 1970 and after 2106 are sent as the nearest it can say. */
function toWireTime(seconds: number): number {
  return Math.min(Math.max(Math.trunc(seconds), 0), 0xffff_ffff);
}

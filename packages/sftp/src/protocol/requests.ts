import type { FileAttributes, OpenFlags } from "../file-system.ts";
import { SftpError } from "../sftp-error.ts";
import { decodeAttributes } from "./attributes.ts";
import { decodeExtendedRequest } from "./extended-requests.ts";
import type { ExtendedRequest } from "./extended-requests.ts";
import type { PacketReader } from "./packet-reader.ts";
import { OPEN_BIT, PACKET } from "./wire-numbers.ts";

/** A request after INIT (draft §6), with paths as the client wrote them and handles as numbers. */
export type Request =
  | { readonly kind: "open"; readonly path: string; readonly flags: OpenFlags; readonly attributes: FileAttributes }
  | { readonly kind: "close" | "fstat" | "readdir"; readonly handle: number }
  | { readonly kind: "read"; readonly handle: number; readonly position: number; readonly lengthBytes: number }
  | { readonly kind: "write"; readonly handle: number; readonly position: number; readonly data: Buffer }
  | { readonly kind: PathRequestKind; readonly path: string }
  | { readonly kind: "setstat" | "mkdir"; readonly path: string; readonly attributes: FileAttributes }
  | { readonly kind: "fsetstat"; readonly handle: number; readonly attributes: FileAttributes }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "symlink"; readonly target: string; readonly linkPath: string }
  | ExtendedRequest;

type PathRequestKind = "lstat" | "stat" | "opendir" | "remove" | "rmdir" | "realpath" | "readlink";

/**
 * Decodes what follows a request's type and id. Bytes after the last field are ignored, as OpenSSH does.
 *
 * A WRITE's `data` is a view of the packet; everything else is copied out.
 *
 * @throws SftpError BAD_MESSAGE for a malformed packet, OP_UNSUPPORTED for a type or extension that is not known,
 * FAILURE for a file position that cannot be represented.
 */
export function decodeRequest(type: number, reader: PacketReader): Request {
  switch (type) {
    case PACKET.READ:
      return { kind: "read", handle: reader.handle(), position: reader.position(), lengthBytes: reader.uint32() };
    case PACKET.WRITE:
      return { kind: "write", handle: reader.handle(), position: reader.position(), data: reader.bytes() };
    case PACKET.OPEN:
      return {
        kind: "open",
        path: reader.path(),
        flags: decodeOpenFlags(reader.uint32()),
        attributes: decodeAttributes(reader),
      };
    case PACKET.CLOSE:
      return { kind: "close", handle: reader.handle() };
    case PACKET.FSTAT:
      return { kind: "fstat", handle: reader.handle() };
    case PACKET.READDIR:
      return { kind: "readdir", handle: reader.handle() };
    case PACKET.LSTAT:
      return { kind: "lstat", path: reader.path() };
    case PACKET.STAT:
      return { kind: "stat", path: reader.path() };
    case PACKET.OPENDIR:
      return { kind: "opendir", path: reader.path() };
    case PACKET.REMOVE:
      return { kind: "remove", path: reader.path() };
    case PACKET.RMDIR:
      return { kind: "rmdir", path: reader.path() };
    case PACKET.REALPATH:
      return { kind: "realpath", path: reader.path() };
    case PACKET.READLINK:
      return { kind: "readlink", path: reader.path() };
    case PACKET.SETSTAT:
      return { kind: "setstat", path: reader.path(), attributes: decodeAttributes(reader) };
    case PACKET.MKDIR:
      return { kind: "mkdir", path: reader.path(), attributes: decodeAttributes(reader) };
    case PACKET.FSETSTAT:
      return { kind: "fsetstat", handle: reader.handle(), attributes: decodeAttributes(reader) };
    case PACKET.RENAME:
      return { kind: "rename", from: reader.path(), to: reader.path() };
    case PACKET.SYMLINK:
      // OpenSSH sends the target first, the reverse of draft §6.10, and every client follows it (PROTOCOL §4.1).
      return { kind: "symlink", target: reader.path(), linkPath: reader.path() };
    case PACKET.EXTENDED:
      return decodeExtendedRequest(reader);
    default:
      throw new SftpError("OP_UNSUPPORTED", "Operation unsupported");
  }
}

/**
 * Decodes pflags as OpenSSH takes them: neither read nor write opens for reading; APPEND alone implies writing. EXCL
 * means nothing without CREAT, and TRUNC nothing without writing.
 */
export function decodeOpenFlags(bits: number): OpenFlags {
  const append = (bits & OPEN_BIT.APPEND) !== 0;
  const write = append || (bits & OPEN_BIT.WRITE) !== 0;
  const create = (bits & OPEN_BIT.CREATE) !== 0;
  return {
    read: !write || (bits & OPEN_BIT.READ) !== 0,
    write,
    append,
    create,
    truncate: write && (bits & OPEN_BIT.TRUNCATE) !== 0,
    exclusive: create && (bits & OPEN_BIT.EXCLUSIVE) !== 0,
  };
}

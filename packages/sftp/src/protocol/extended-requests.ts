import type { FileAttributes } from "../file-system.ts";
import { SftpError } from "../sftp-error.ts";
import { decodeAttributes } from "./attributes.ts";
import { MAX_IDS } from "./packet-limits.ts";
import { PacketReader } from "./packet-reader.ts";

/** A request of OpenSSH's extensions (OpenSSH PROTOCOL §4.3 to §4.12). */
export type ExtendedRequest =
  | { readonly kind: "posix-rename" | "hardlink"; readonly from: string; readonly to: string }
  | { readonly kind: "statvfs" | "expand-path"; readonly path: string }
  | { readonly kind: "fstatvfs" | "fsync"; readonly handle: number }
  | { readonly kind: "lsetstat"; readonly path: string; readonly attributes: FileAttributes }
  | { readonly kind: "limits" }
  | CopyDataRequest
  | { readonly kind: "home-directory"; readonly username: string }
  | { readonly kind: "users-groups-by-id"; readonly uids: readonly number[]; readonly gids: readonly number[] };

/** copy-data (OpenSSH PROTOCOL §4.10). */
export interface CopyDataRequest {
  readonly kind: "copy-data";
  readonly from: number;
  readonly position: number;
  /** 0: to the end of the file. */
  readonly lengthBytes: number;
  readonly to: number;
  readonly targetPosition: number;
}

export type ExtendedRequestKind = ExtendedRequest["kind"];

/** Name and version of each extension, in the order in which OpenSSH's server announces them (PROTOCOL §4.2). */
export const EXTENSIONS: readonly {
  readonly kind: ExtendedRequestKind;
  readonly name: string;
  readonly version: string;
}[] = [
  { kind: "posix-rename", name: "posix-rename@openssh.com", version: "1" },
  { kind: "statvfs", name: "statvfs@openssh.com", version: "2" },
  { kind: "fstatvfs", name: "fstatvfs@openssh.com", version: "2" },
  { kind: "hardlink", name: "hardlink@openssh.com", version: "1" },
  { kind: "fsync", name: "fsync@openssh.com", version: "1" },
  { kind: "lsetstat", name: "lsetstat@openssh.com", version: "1" },
  { kind: "limits", name: "limits@openssh.com", version: "1" },
  { kind: "expand-path", name: "expand-path@openssh.com", version: "1" },
  { kind: "copy-data", name: "copy-data", version: "1" },
  { kind: "home-directory", name: "home-directory", version: "1" },
  { kind: "users-groups-by-id", name: "users-groups-by-id@openssh.com", version: "1" },
];

const KIND_BY_NAME: ReadonlyMap<string, ExtendedRequestKind> = new Map(
  EXTENSIONS.map(({ name, kind }) => [name, kind]),
);

/** Decodes what follows the id of an EXTENDED packet; OP_UNSUPPORTED for a name that is not known (draft §8). */
export function decodeExtendedRequest(reader: PacketReader): ExtendedRequest {
  const kind = KIND_BY_NAME.get(reader.bytes().toString("latin1"));
  if (kind === undefined) throw new SftpError("OP_UNSUPPORTED", "Operation unsupported");
  switch (kind) {
    case "posix-rename":
    case "hardlink":
      return { kind, from: reader.path(), to: reader.path() };
    case "statvfs":
    case "expand-path":
      return { kind, path: reader.path() };
    case "fstatvfs":
    case "fsync":
      return { kind, handle: reader.handle() };
    case "lsetstat":
      return { kind, path: reader.path(), attributes: decodeAttributes(reader) };
    case "limits":
      return { kind };
    case "copy-data":
      return decodeCopyData(reader);
    case "home-directory":
      return { kind, username: reader.path() };
    default:
      return { kind, uids: decodeIds(reader), gids: decodeIds(reader) };
  }
}

function decodeCopyData(reader: PacketReader): CopyDataRequest {
  return {
    kind: "copy-data",
    from: reader.handle(),
    position: reader.position(),
    lengthBytes: reader.position(),
    to: reader.handle(),
    targetPosition: reader.position(),
  };
}

function decodeIds(reader: PacketReader): readonly number[] {
  const bytes = reader.bytes();
  const count = bytes.length / 4;
  if (!Number.isInteger(count)) throw new SftpError("BAD_MESSAGE", "Ids are not whole 32-bit numbers");
  if (count > MAX_IDS) throw new SftpError("FAILURE", `More than ${MAX_IDS} ids asked for at once`);
  const ids = new PacketReader(bytes);
  return Array.from({ length: count }, () => ids.uint32());
}

import { encodeLimits, encodePath, encodeUserGroupNames } from "../protocol/replies.ts";
import { ADVERTISED_PACKET_BYTES } from "../protocol/packet-limits.ts";
import type { Request } from "../protocol/requests.ts";
import { SftpError } from "../sftp-error.ts";
import { answerCopyData } from "./copy-data.ts";
import {
  answerClose,
  answerFsetstat,
  answerFstat,
  answerFstatvfs,
  answerFsync,
  answerReaddir,
} from "./handle-requests.ts";
import {
  answerExpandPath,
  answerHardlink,
  answerLsetstat,
  answerMkdir,
  answerOpen,
  answerOpendir,
  answerReadlink,
  answerRealpath,
  answerRemove,
  answerRename,
  answerRmdir,
  answerSetstat,
  answerStat,
  answerStatvfs,
  answerSymlink,
} from "./path-requests.ts";
import type { SessionContext } from "./session-context.ts";
import { answerRead, answerWrite } from "./transfer-requests.ts";

/**
 * Carries out one request and queues its reply. Up to its first wait it runs synchronously, so calling it for requests
 * in the order they came gives them their places in that order.
 *
 * @throws SftpError what is to be answered instead; anything else is a fault of the file system or of ours
 */
export function answerRequest(context: SessionContext, id: number, request: Request): Promise<void> {
  switch (request.kind) {
    case "read":
      return answerRead(context, id, request);
    case "write":
      return answerWrite(context, id, request);
    case "open":
      return answerOpen(context, id, request);
    case "close":
      return answerClose(context, id, request.handle);
    case "fstat":
      return answerFstat(context, id, request.handle);
    case "readdir":
      return answerReaddir(context, id, request.handle);
    case "fsetstat":
      return answerFsetstat(context, id, request.handle, request.attributes);
    case "fsync":
      return answerFsync(context, id, request.handle);
    case "fstatvfs":
      return answerFstatvfs(context, id, request.handle);
    case "copy-data":
      return answerCopyData(context, id, request);
    case "stat":
    case "lstat":
      return answerStat(context, id, request.kind, request.path);
    case "opendir":
      return answerOpendir(context, id, request.path);
    case "setstat":
      return answerSetstat(context, id, request.path, request.attributes);
    case "lsetstat":
      return answerLsetstat(context, id, request.path, request.attributes);
    case "remove":
      return answerRemove(context, id, request.path);
    case "mkdir":
      return answerMkdir(context, id, request.path, request.attributes);
    case "rmdir":
      return answerRmdir(context, id, request.path);
    case "realpath":
      return answerRealpath(context, id, request.path);
    case "rename":
      return answerRename(context, id, request, false);
    case "posix-rename":
      return answerRename(context, id, request, true);
    case "hardlink":
      return answerHardlink(context, id, request);
    case "symlink":
      return answerSymlink(context, id, request);
    case "readlink":
      return answerReadlink(context, id, request.path);
    case "expand-path":
      return answerExpandPath(context, id, request.path);
    case "statvfs":
      return answerStatvfs(context, id, request.path);
    case "limits":
      return answerLimits(context, id);
    case "home-directory":
      return answerHomeDirectory(context, id, request.username);
    // "users-groups-by-id": the only one left, or this does not compile.
    default:
      return answerUserGroupNames(context, id, request);
  }
}

/** limits@openssh.com (OpenSSH PROTOCOL §4.8). */
async function answerLimits(context: SessionContext, id: number): Promise<void> {
  const limits = {
    packetBytes: Math.min(context.maxPacketBytes, ADVERTISED_PACKET_BYTES),
    readBytes: context.maxTransferBytes,
    writeBytes: context.maxTransferBytes,
    handles: context.maxHandles,
  };
  context.replies.send((writer) => encodeLimits(writer, id, limits));
}

/** home-directory (OpenSSH PROTOCOL §4.11), for the session's own user only. */
async function answerHomeDirectory(context: SessionContext, id: number, username: string): Promise<void> {
  if (username !== "") throw new SftpError("FAILURE", "No such user");
  context.replies.send((writer) => encodePath(writer, id, context.fs.homeDirectory));
}

/** users-groups-by-id@openssh.com (OpenSSH PROTOCOL §4.12). */
async function answerUserGroupNames(
  context: SessionContext,
  id: number,
  { uids, gids }: { readonly uids: readonly number[]; readonly gids: readonly number[] },
): Promise<void> {
  if (context.fs.userGroupNames === undefined) throw new SftpError("OP_UNSUPPORTED", "Operation unsupported");
  const names = await context.fs.userGroupNames(uids, gids);
  context.replies.send((writer) => encodeUserGroupNames(writer, id, names));
}

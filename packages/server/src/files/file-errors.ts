import { SftpError, type SftpErrorCode } from "@fairlead/sftp";

// Errors the way OpenSSH's server tells them apart (sftp-server.c, errno_to_portable), which is also what SFTPGo's
// clients were seen to get. The texts are ours: Node's own messages name paths of the host.
const ERRNO: Readonly<Record<string, readonly [SftpErrorCode, string]>> = {
  ENOENT: ["NO_SUCH_FILE", "no such file or directory"],
  ENOTDIR: ["NO_SUCH_FILE", "a part of the path is not a directory"],
  EACCES: ["PERMISSION_DENIED", "permission denied"],
  EPERM: ["PERMISSION_DENIED", "operation not permitted"],
  EROFS: ["PERMISSION_DENIED", "read-only file system"],
  EEXIST: ["FAILURE", "file exists"],
  ENOTEMPTY: ["FAILURE", "directory not empty"],
  EISDIR: ["FAILURE", "is a directory"],
  ELOOP: ["FAILURE", "too many symbolic links"],
  ENAMETOOLONG: ["FAILURE", "name too long"],
  ENOSPC: ["FAILURE", "no space left on device"],
  EDQUOT: ["FAILURE", "disk quota exceeded"],
  EFBIG: ["FAILURE", "file too large"],
  EXDEV: ["FAILURE", "cannot move or link between file systems"],
  EBUSY: ["FAILURE", "resource busy"],
  EMFILE: ["FAILURE", "too many open files"],
  ENFILE: ["FAILURE", "too many open files"],
  EINVAL: ["FAILURE", "invalid argument"],
  ENXIO: ["FAILURE", "not a regular file"],
  EOPNOTSUPP: ["OP_UNSUPPORTED", "not supported by the file system"],
  ENOTSUP: ["OP_UNSUPPORTED", "not supported by the file system"],
  ENOSYS: ["OP_UNSUPPORTED", "not supported by the file system"],
};

/** The errno name of a failed system call, undefined for any other value. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** What the client is told. Keeps the original as `cause`, where the host's paths may be read by the operator. */
export function toSftpError(error: unknown): SftpError {
  if (SftpError.is(error)) return error;
  const [code, message] = ERRNO[errnoOf(error) ?? ""] ?? ["FAILURE", "failure"];
  return new SftpError(code, message, { cause: error });
}

export function permissionDenied(): SftpError {
  return new SftpError("PERMISSION_DENIED", "permission denied");
}

export function noSuchFile(): SftpError {
  return new SftpError("NO_SUCH_FILE", "no such file or directory");
}

/** SFTPGo's words for every kind of exceeded limit, as observed. */
export const LIMIT_EXCEEDED = "denying write due to space limit";

export function limitExceeded(): SftpError {
  return new SftpError("FAILURE", LIMIT_EXCEEDED);
}

import type { LogLevel } from "@fairlead/go-plugin";
import { errnoOf, LIMIT_EXCEEDED, toSftpError } from "./file-errors.ts";

/** Why something did not happen, for the log: facts of the host the client is not told, and no stack. */
export interface FailureFields {
  readonly reason: string;
  /** The errno name and the system call, when it was the system that refused. */
  readonly errno?: string;
  readonly syscall?: string;
}

export function failureFields(error: unknown): FailureFields {
  const failure = toSftpError(error);
  const { cause } = failure;
  if (!(cause instanceof Error)) return { reason: failure.message };
  const errno = errnoOf(cause);
  // Only for what is not known by its errno does the system's own text say more.
  if (errno === undefined) return { reason: cause.message };
  const syscall = "syscall" in cause && typeof cause.syscall === "string" ? { syscall: cause.syscall } : {};
  return { reason: failure.message === "failure" ? cause.message : failure.message, errno, ...syscall };
}

// A client's own mistakes, whatever the system calls them. A file system that turned read-only is none.
const CLIENT_MISTAKES: ReadonlySet<string> = new Set([
  "EEXIST",
  "ENOTEMPTY",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "EXDEV",
  "EINVAL",
  "ENXIO",
  "EOPNOTSUPP",
  "ENOTSUP",
  "ENOSYS",
]);

/**
 * How loud a refused operation is. What clients ask for in vain all day is `debug`, a refusal the user may complain
 * about `info`, a disk that cannot do what it should `error`.
 */
export function failureLevel(error: unknown): LogLevel {
  const { code, cause, message } = toSftpError(error);
  if (code === "NO_SUCH_FILE") return "debug";
  if (cause === undefined) return code === "PERMISSION_DENIED" || message === LIMIT_EXCEEDED ? "info" : "debug";
  const errno = errnoOf(cause) ?? "";
  if (errno === "EACCES" || errno === "EPERM") return "info";
  return CLIENT_MISTAKES.has(errno) ? "debug" : "error";
}

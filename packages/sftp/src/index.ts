export type {
  CopyOptions,
  DirectoryEntry,
  DirectoryHandle,
  FileAttributes,
  FileHandle,
  FileSystem,
  OpenFlags,
  RenameOptions,
  StatVfs,
  UserGroupNames,
} from "./file-system.ts";
export { serveSftp } from "./serve-sftp.ts";
export type { ServeSftpOptions } from "./serve-sftp.ts";
export type { HandleBudget } from "./session/open-handles.ts";
export type { SftpLogger, SftpSessionEnd } from "./session/sftp-session.ts";
export { SftpError } from "./sftp-error.ts";
export type { SftpErrorCode } from "./sftp-error.ts";

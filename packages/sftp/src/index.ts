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
export { SftpError } from "./sftp-error.ts";
export type { SftpErrorCode } from "./sftp-error.ts";

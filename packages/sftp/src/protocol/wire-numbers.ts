import type { SftpErrorCode } from "../sftp-error.ts";

/** The protocol version spoken: draft-ietf-secsh-filexfer-02, OpenSSH's dialect. */
export const PROTOCOL_VERSION = 3;

/** Packet types (draft §3, the SSH_FXP_* numbers). */
export const PACKET = {
  INIT: 1,
  VERSION: 2,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  READLINK: 19,
  SYMLINK: 20,
  STATUS: 101,
  HANDLE: 102,
  DATA: 103,
  NAME: 104,
  ATTRS: 105,
  EXTENDED: 200,
  EXTENDED_REPLY: 201,
} as const;

/** SSH_FX_OK (draft §7). */
export const STATUS_OK = 0;

/** Numbers of the other status codes (draft §7, the SSH_FX_* numbers). */
export const STATUS_NUMBER: Readonly<Record<SftpErrorCode, number>> = {
  EOF: 1,
  NO_SUCH_FILE: 2,
  PERMISSION_DENIED: 3,
  FAILURE: 4,
  BAD_MESSAGE: 5,
  NO_CONNECTION: 6,
  CONNECTION_LOST: 7,
  OP_UNSUPPORTED: 8,
};

/** Bits of an OPEN's pflags (draft §6.3, SSH_FXF_*). */
export const OPEN_BIT = {
  READ: 0x01,
  WRITE: 0x02,
  APPEND: 0x04,
  CREATE: 0x08,
  TRUNCATE: 0x10,
  EXCLUSIVE: 0x20,
} as const;

/** Bits of an ATTRS flags word (draft §5, SSH_FILEXFER_ATTR_*). */
export const ATTRIBUTE_BIT = {
  SIZE: 0x0000_0001,
  OWNER: 0x0000_0002,
  MODE: 0x0000_0004,
  TIMES: 0x0000_0008,
  EXTENDED: 0x8000_0000,
} as const;

/** Bits of a statvfs reply's f_flag (OpenSSH PROTOCOL §4.4). */
export const STATVFS_BIT = { READ_ONLY: 1n, NO_SET_UID: 2n } as const;

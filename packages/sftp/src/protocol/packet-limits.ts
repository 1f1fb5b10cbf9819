/** Bytes before the payload of a DATA reply: length, type, id, string length. */
export const DATA_HEADER_BYTES = 13;

/**
 * What limits@openssh.com reports as the longest packet: OpenSSH's own SFTP_MAX_MSG_LENGTH, the most its client accepts
 * from us as well.
 */
export const ADVERTISED_PACKET_BYTES = 256 * 1024;

/** Longest READ answered and longest WRITE payload advertised: OpenSSH's 256 KiB less 1 KiB for the rest of the packet. */
export const MAX_TRANSFER_BYTES = ADVERTISED_PACKET_BYTES - 1024;

/** Longest packet taken by default: room for clients that put 256 KiB of data, not of packet, in a WRITE. */
export const MAX_PACKET_BYTES = ADVERTISED_PACKET_BYTES + 1024;

/** Longest path in a request; Linux's PATH_MAX. */
export const MAX_PATH_BYTES = 4096;

/** Longest NAME reply made: every implementation takes packets of 34,000 bytes (draft §3). */
export const MAX_NAME_REPLY_BYTES = 34_000;

/** Most ids of one kind answered in one users-groups-by-id@openssh.com request. */
export const MAX_IDS = 1024;

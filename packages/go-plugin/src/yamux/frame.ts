/** yamux's frames (hashicorp/yamux spec.md): version 8, type 8, flags 16, stream id 32, length 32, all big-endian. */

export const FRAME_HEADER_BYTES = 12;

export const TYPE_DATA = 0;
export const TYPE_WINDOW_UPDATE = 1;
export const TYPE_PING = 2;
export const TYPE_GO_AWAY = 3;

export const FLAG_SYN = 1;
export const FLAG_ACK = 2;
export const FLAG_FIN = 4;
export const FLAG_RST = 8;

/** The stream id of frames about the whole session. */
export const SESSION_ID = 0;

export const GO_AWAY_NORMAL = 0;
export const GO_AWAY_PROTOCOL_ERROR = 1;

/** What either side may send on a fresh stream before it is given more. */
export const INITIAL_WINDOW_BYTES = 256 * 1024;

/** Stream ids and windows are 32 bits. */
export const MAX_UINT32 = 0xffff_ffff;

/** Writes a header at `at`; `length` is the payload's size, a window's growth, a ping's value or a reason. */
export function writeFrameHeader(
  buffer: Buffer,
  at: number,
  frame: { readonly type: number; readonly flags: number; readonly streamId: number; readonly length: number },
): void {
  buffer[at] = 0;
  buffer[at + 1] = frame.type;
  buffer[at + 2] = 0;
  buffer[at + 3] = frame.flags;
  buffer.writeUInt32BE(frame.streamId, at + 4);
  buffer.writeUInt32BE(frame.length, at + 8);
}

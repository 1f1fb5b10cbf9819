/** Bytes where they lie, valid during the call only. One object, filled anew for each frame. */
export interface Payload {
  bytes: Buffer;
  start: number;
  end: number;
}

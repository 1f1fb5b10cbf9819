import { StreamRecord } from "../connection/stream-record.ts";

/** A request that was answered without a handler; what still comes of it is dropped until its end. */
export class RejectedRequest extends StreamRecord {
  override get acceptsMessages(): boolean {
    return false;
  }

  onHeaders(): void {}

  onMessage(): void {}

  onEnd(): void {}

  onBadMessage(): void {}

  onProtocolError(): void {}

  onReset(): void {}

  onConnectionLost(): void {}

  onOutgoingSent(): void {}
}

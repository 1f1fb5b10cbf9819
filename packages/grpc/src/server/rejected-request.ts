import type { HeaderList } from "../connection/header-list.ts";
import { StreamRecord } from "../connection/stream-record.ts";

/** A request without a handler: its content is dropped, and it is answered at its end if it was not before. */
export class RejectedRequest extends StreamRecord {
  readonly #atEnd: (trailers: HeaderList | undefined) => void;

  constructor(atEnd: (trailers: HeaderList | undefined) => void) {
    super();
    this.#atEnd = atEnd;
  }

  override get acceptsMessages(): boolean {
    return false;
  }

  onHeaders(list: HeaderList): void {
    this.#atEnd(list);
  }

  onMessage(): void {}

  onEnd(): void {
    this.#atEnd(undefined);
  }

  /** What is no gRPC request may end where it likes. */
  onBadMessage(): void {
    if (!this.isRemoteOpen) this.#atEnd(undefined);
  }

  onProtocolError(): void {}

  onReset(): void {}

  onConnectionLost(): void {}

  onOutgoingSent(): void {}
}

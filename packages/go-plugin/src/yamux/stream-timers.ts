import { YamuxError } from "./yamux-error.ts";
import type { YamuxStream } from "./yamux-stream.ts";

export interface StreamTimersOptions {
  readonly openTimeoutMs: number;
  readonly halfClosedTimeoutMs: number;
  readonly onOpenTimeout: (stream: YamuxStream) => void;
}

/** The two waits of a stream for its peer that may not last for ever (yamux mux.go: StreamOpenTimeout, StreamCloseTimeout). */
export class StreamTimers {
  readonly #options: StreamTimersOptions;
  readonly #opening = new Map<YamuxStream, NodeJS.Timeout>();
  readonly #halfClosed = new Map<YamuxStream, NodeJS.Timeout>();

  constructor(options: StreamTimersOptions) {
    this.#options = options;
  }

  watchOpening(stream: YamuxStream): void {
    const { openTimeoutMs, onOpenTimeout } = this.#options;
    this.#opening.set(stream, setTimeout(onOpenTimeout, openTimeoutMs, stream).unref());
  }

  onEstablished(stream: YamuxStream): void {
    clearTimeout(this.#opening.get(stream));
    this.#opening.delete(stream);
  }

  watchHalfClosed(stream: YamuxStream): void {
    const { halfClosedTimeoutMs } = this.#options;
    const reset = (): void => {
      stream.destroy(new YamuxError("timeout", `stream ${stream.id} was half closed and silent for too long`));
    };
    this.#halfClosed.set(stream, setTimeout(reset, halfClosedTimeoutMs).unref());
  }

  /** The peer still sends. */
  onActivity(stream: YamuxStream): void {
    this.#halfClosed.get(stream)?.refresh();
  }

  forget(stream: YamuxStream): void {
    this.onEstablished(stream);
    clearTimeout(this.#halfClosed.get(stream));
    this.#halfClosed.delete(stream);
  }
}

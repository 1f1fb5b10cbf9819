import { once } from "node:events";
import type { Duplex } from "node:stream";
import { createStreamPair } from "@fairlead/grpc";
import { FrameReader } from "../../src/yamux/frame-reader.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../src/yamux/frame.ts";
import { createYamuxSession } from "../../src/yamux/yamux-session.ts";
import type { YamuxOptions, YamuxSession } from "../../src/yamux/yamux-session.ts";

export const DATA = 0;
export const WINDOW = 1;
export const PING = 2;
export const GO_AWAY = 3;
export const SYN = 1;
export const ACK = 2;
export const FIN = 4;
export const RST = 8;

/** A frame, whether it makes sense or not. */
export function frameBytes(
  type: number,
  flags: number,
  streamId: number,
  length: number,
  payload: Uint8Array = new Uint8Array(0),
): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  writeFrameHeader(header, 0, { type, flags, streamId, length });
  return Buffer.concat([header, payload]);
}

/** `type flags streamId length`, as in `1 1 1 0` for an opened stream. */
export type SeenFrame = string;

/** The other end of a session, frame by frame: says what a test tells it to, well-behaved or not. */
export class RawYamux {
  readonly end: Duplex;
  readonly frames: SeenFrame[] = [];
  payloadBytes = 0;
  #waiting: (() => void) | undefined;

  constructor(end: Duplex) {
    this.end = end;
    const reader = new FrameReader({
      acceptsFrames: true,
      onFrame: (...fields) => this.frames.push(fields.join(" ")),
      onPayload: (piece) => (this.payloadBytes += piece.length),
    });
    end.on("data", (chunk: Buffer) => {
      reader.receive(chunk);
      this.#waiting?.();
    });
    end.on("end", () => end.end());
    end.on("error", () => {});
  }

  send(type: number, flags: number, streamId: number, length: number, payload: Uint8Array = new Uint8Array(0)): void {
    this.end.write(frameBytes(type, flags, streamId, length, payload));
  }

  sendData(streamId: number, payload: Uint8Array, flags = 0): void {
    this.send(DATA, flags, streamId, payload.length, payload);
  }

  /** Waits for a frame, whatever came before it. */
  async see(frame: SeenFrame): Promise<void> {
    await this.until(() => this.frames.includes(frame), frame);
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    const gone = once(this.end, "close");
    while (!isSo()) {
      const more = new Promise<"more">((resolve) => (this.#waiting = () => resolve("more")));
      if (this.end.destroyed || (await Promise.race([more, gone])) !== "more") {
        if (isSo()) return;
        throw new Error(`the session ended without ${what}; seen: ${this.frames.join(", ")}`);
      }
    }
  }
}

/** A session of ours and its raw peer. */
export function openRawYamux(options: YamuxOptions): { session: YamuxSession; raw: RawYamux } {
  const [ours, theirs] = createStreamPair();
  return { session: createYamuxSession(ours, options), raw: new RawYamux(theirs) };
}

/** Two sessions of ours that talk to each other. */
export function openYamuxPair(
  client: Omit<YamuxOptions, "side">,
  server: Omit<YamuxOptions, "side">,
): { client: YamuxSession; server: YamuxSession } {
  const [left, right] = createStreamPair();
  return {
    client: createYamuxSession(left, { side: "client", ...client }),
    server: createYamuxSession(right, { side: "server", ...server }),
  };
}

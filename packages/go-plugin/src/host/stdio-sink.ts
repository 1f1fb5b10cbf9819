import type { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { GrpcError, Metadata } from "@fairlead/grpc";
import type { ClientConnection } from "@fairlead/grpc";
import type { Logger } from "../logger.ts";
import { STDIO_TAKES, streamStdioMethod } from "../protocol/services.ts";

/** Where a plugin's prints go; what has no sink is read and dropped. */
export interface StdioSinks {
  readonly stdout?: Writable;
  readonly stderr?: Writable;
}

// A plugin of go-plugin's prints pieces of 1 KiB; one that prints 64 MiB at once gets no more of a turn than it.
const PRINTS_A_TURN = 200;
const BYTES_A_PRINT = 1024;
const SLICE_BYTES = 16 * 1024;

/**
 * Takes what the plugin's code prints, until the connection ends (grpc_stdio.go: grpcStdioClient). It must be read even
 * when nobody wants it: in Go's plugins a print blocks until it is. A slow sink slows the plugin down, and so does the
 * host when it has other things to do. Never rejects.
 */
export async function receiveStdio(
  connection: ClientConnection,
  sinks: StdioSinks,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const metadata = new Metadata(sinks.stderr === undefined ? [] : [[STDIO_TAKES, "stderr"]]);
  const turns = new Turns();
  const open: { -readonly [Channel in keyof StdioSinks]: StdioSinks[Channel] } = { ...sinks };
  let saidUnknown = false;
  const prints = connection.serverStream(streamStdioMethod, undefined, { signal, metadata });
  try {
    for await (const { channel, data } of prints) {
      await turns.spend(1);
      if (channel === undefined) {
        if (!saidUnknown) logger.log("warn", "unknown stdio channel, dropped");
        saidUnknown = true;
        continue;
      }
      try {
        await writeTo(open[channel], data, turns, signal);
      } catch (error) {
        // The sink's fault; the plugin's prints must still be read.
        delete open[channel];
        logger.log("error", "a sink for what the plugin prints failed, its prints are dropped from now on", {
          channel,
          error: String(error),
        });
      }
    }
  } catch (error) {
    if (GrpcError.is(error, "UNIMPLEMENTED")) {
      logger.log("debug", "stdio service not available, stdout/stderr syncing unavailable");
    } else if (!GrpcError.is(error, "UNAVAILABLE") && !GrpcError.is(error, "CANCELLED")) {
      logger.log("error", "error receiving data", { error: String(error) });
    }
  }
}

/** Lets others have their turn after some prints. */
class Turns {
  #prints = 0;

  async spend(prints: number): Promise<void> {
    this.#prints += prints;
    if (this.#prints < PRINTS_A_TURN) return;
    this.#prints = 0;
    await nextTurn();
  }
}

// In slices, because a sink works on what it is given at once.
async function writeTo(sink: Writable | undefined, data: Uint8Array, turns: Turns, signal: AbortSignal): Promise<void> {
  if (sink === undefined) return;
  for (let at = 0; at < data.length && isOpen(sink); at += SLICE_BYTES) {
    const slice = data.subarray(at, at + SLICE_BYTES);
    if (!sink.write(slice)) await drained(sink, signal);
    await turns.spend(Math.floor(slice.length / BYTES_A_PRINT));
  }
}

function isOpen(sink: Writable): boolean {
  return !sink.destroyed && !sink.writableEnded;
}

// When the sink fails or the plugin is gone, too: the sink's owner hears of its error; the plugin must go on being read.
function drained(sink: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      sink.off("drain", done).off("close", done).off("error", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    if (!isOpen(sink) || signal.aborted) return resolve();
    sink.on("drain", done).on("close", done).on("error", done);
    signal.addEventListener("abort", done);
  });
}

import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Writable } from "node:stream";
import { GrpcError } from "@fairlead/grpc";
import type { ClientConnection } from "@fairlead/grpc";
import type { Logger } from "../logger.ts";
import { streamStdioMethod } from "../protocol/services.ts";

/** Where a plugin's prints go; what has no sink is read and dropped. */
export interface StdioSinks {
  readonly stdout?: Writable;
  readonly stderr?: Writable;
}

const PRINTS_A_TURN = 200;

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
  let prints = 0;
  let saidUnknown = false;
  try {
    for await (const { channel, data } of connection.serverStream(streamStdioMethod, undefined, { signal })) {
      if (++prints % PRINTS_A_TURN === 0) await nextTurn();
      if (channel !== undefined) await writeTo(sinks[channel], data, signal);
      else if (!saidUnknown) logger.log("warn", "unknown stdio channel, dropped");
      saidUnknown ||= channel === undefined;
    }
  } catch (error) {
    if (GrpcError.is(error, "UNIMPLEMENTED")) {
      logger.log("debug", "stdio service not available, stdout/stderr syncing unavailable");
    } else if (!GrpcError.is(error, "UNAVAILABLE") && !GrpcError.is(error, "CANCELLED")) {
      logger.log("error", "error receiving data", { error: String(error) });
    }
  }
}

async function writeTo(sink: Writable | undefined, data: Uint8Array, signal: AbortSignal): Promise<void> {
  if (sink === undefined || sink.destroyed || sink.writableEnded) return;
  if (sink.write(data) || sink.destroyed) return;
  try {
    await Promise.race([once(sink, "drain", { signal }), once(sink, "close", { signal })]);
  } catch {
    // The sink failed or the plugin is gone. The sink's owner hears of its error; the plugin must go on being read.
  }
}

import { GrpcError } from "../grpc-error.ts";
import type { Codec } from "../method.ts";

/** @throws {GrpcError} INTERNAL when the codec throws, RESOURCE_EXHAUSTED when the message is too large to send. */
export function encodeMessage<T>(codec: Codec<T>, message: T, maxSendBytes: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = codec.encode(message);
  } catch (error) {
    throw new GrpcError("INTERNAL", `grpc: error while marshaling: ${textOf(error)}`, { cause: error });
  }
  if (bytes.length > maxSendBytes) {
    throw new GrpcError(
      "RESOURCE_EXHAUSTED",
      `grpc: trying to send message larger than max (${bytes.length} vs. ${maxSendBytes})`,
    );
  }
  return bytes;
}

/** @throws {GrpcError} INTERNAL when the codec throws. */
export function decodeMessage<T>(codec: Codec<T>, bytes: Uint8Array): T {
  try {
    return codec.decode(bytes);
  } catch (error) {
    throw new GrpcError("INTERNAL", `grpc: failed to unmarshal the received message: ${textOf(error)}`, {
      cause: error,
    });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

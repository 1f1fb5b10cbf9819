import { GrpcError } from "../grpc-error.ts";

/** What this package takes, in the words of `grpc-accept-encoding`. */
export const ACCEPTED_ENCODINGS = "identity,gzip";

/**
 * Unpacks one message on Node's thread pool.
 *
 * @throws {GrpcError} RESOURCE_EXHAUSTED when it is larger than `maxBytes`, INTERNAL when it is no gzip.
 */
export function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
  // Loaded by the first message that needs it: most processes never see one.
  const zlib = process.getBuiltinModule("node:zlib");
  return new Promise((resolve, reject) => {
    zlib.gunzip(bytes, { maxOutputLength: Math.max(1, maxBytes) }, (error, message) => {
      if (error === null && message.length <= maxBytes) resolve(message);
      else reject(unpackError(error, maxBytes));
    });
  });
}

/** Packs one message on Node's thread pool. */
export function gzip(bytes: Uint8Array): Promise<Buffer> {
  const zlib = process.getBuiltinModule("node:zlib");
  return new Promise((resolve, reject) => {
    zlib.gzip(bytes, (error, packed) => {
      if (error === null) resolve(packed);
      else reject(new GrpcError("INTERNAL", `grpc: error while compressing: ${error.message}`, { cause: error }));
    });
  });
}

function unpackError(error: NodeJS.ErrnoException | null, maxBytes: number): GrpcError {
  if (error === null || error.code === "ERR_BUFFER_TOO_LARGE") {
    return new GrpcError(
      "RESOURCE_EXHAUSTED",
      `grpc: received message after decompression larger than max ${maxBytes}`,
      error === null ? {} : { cause: error },
    );
  }
  return new GrpcError("INTERNAL", `grpc: failed to decompress the received message: ${error.message}`, {
    cause: error,
  });
}

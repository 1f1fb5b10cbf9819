/** The part of process.stdout and process.stderr that is taken over. */
export interface PrintStream {
  write(chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean;
  emit(event: string): boolean;
}

/**
 * Sends everything written to a stream elsewhere, by replacing its `write`: whoever already holds the stream (console,
 * loggers) is caught too. `take` answers as `write` does. Returns a function that undoes it.
 */
export function captureStream(
  stream: PrintStream,
  take: (bytes: Uint8Array, original: PrintStream["write"]) => boolean,
): () => void {
  const original = stream.write.bind(stream);
  const own = Object.getOwnPropertyDescriptor(stream, "write");
  stream.write = (chunk, encoding, callback) => {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, readEncoding(encoding)) : chunk;
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(done);
    return take(bytes, original);
  };
  return () => {
    if (own === undefined) Reflect.deleteProperty(stream, "write");
    else Object.defineProperty(stream, "write", own);
  };
}

function readEncoding(encoding: unknown): BufferEncoding {
  return typeof encoding === "string" && Buffer.isEncoding(encoding) ? encoding : "utf8";
}

import type { ClientConnection } from "../client/client-connection.ts";

/** A server's SETTINGS are far smaller, and before it has ours it has nothing else to say. */
const MAX_EARLY_BYTES = 256 * 1024;

/** What a socket brings between its connecting and the connection that reads it. */
export class EarlyBytes {
  #connection: ClientConnection | undefined;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;

  /** Returns false when that is more than it keeps. */
  receive(bytes: Uint8Array): boolean {
    if (this.#connection !== undefined) {
      this.#connection.receive(bytes);
      return true;
    }
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes > MAX_EARLY_BYTES) return false;
    this.#chunks.push(Buffer.from(bytes));
    return true;
  }

  passOnTo(connection: ClientConnection): void {
    this.#connection = connection;
    for (const chunk of this.#chunks) connection.receive(chunk);
    this.#chunks = [];
  }
}

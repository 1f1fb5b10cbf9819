import type { ClientConnection } from "../client/client-connection.ts";

/** What a socket brings between its connecting and the connection that reads it. */
export class EarlyBytes {
  #connection: ClientConnection | undefined;
  #chunks: Buffer[] = [];

  receive(bytes: Uint8Array): void {
    if (this.#connection !== undefined) this.#connection.receive(bytes);
    else this.#chunks.push(Buffer.from(bytes));
  }

  passOnTo(connection: ClientConnection): void {
    this.#connection = connection;
    for (const chunk of this.#chunks) connection.receive(chunk);
    this.#chunks = [];
  }
}

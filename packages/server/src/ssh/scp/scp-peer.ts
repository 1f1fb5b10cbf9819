import { SftpError } from "@fairlead/sftp";
import type { ServerChannel } from "ssh2";

/** A header is a mode, a size and one name; OpenSSH's own limit is 2048. */
const MAX_LINE_BYTES = 8 * 1024;
const OK = 0;
const WARNING = 1;
const LINE_FEED = 10;

/** The client's end of an scp: lines and bytes in, bytes and answers out. Everything rejects when the client is gone. */
export class ScpPeer {
  readonly #channel: ServerChannel;
  readonly #chunks: AsyncIterator<Buffer, undefined>;
  #rest: Buffer = Buffer.alloc(0);
  #failures = 0;

  constructor(channel: ServerChannel) {
    this.#channel = channel;
    // Not by a plain iteration, which would destroy the channel at the end of the client's data.
    const chunks = channel.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer, undefined>;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** What either side has complained about so far. */
  get failures(): number {
    return this.#failures;
  }

  /** One line without its end; `undefined` when the client has nothing more to say. */
  async readLine(): Promise<string | undefined> {
    for (let searched = 0; ;) {
      const end = this.#rest.indexOf(LINE_FEED, searched);
      if (end >= 0) {
        const line = this.#rest.toString("utf8", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      searched = this.#rest.length;
      if (searched > MAX_LINE_BYTES) {
        throw protocolError("a line is too long");
      }
      if (!(await this.#fill())) {
        if (searched > 0) {
          throw protocolError("the client's data ends in the middle of a line");
        }
        return undefined;
      }
    }
  }

  /** The next `sizeBytes` bytes, in pieces as they come. */
  async *content(sizeBytes: number): AsyncGenerator<Buffer, undefined> {
    for (let left = sizeBytes; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#fill())) {
        throw protocolError("the client's data ends in the middle of a file");
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Whether the client is content; its complaint is counted. Rejects for a fatal one. */
  async isContent(): Promise<boolean> {
    if (this.#rest.length === 0 && !(await this.#fill())) {
      throw protocolError("the client left");
    }
    const [status] = this.#rest;
    this.#rest = this.#rest.subarray(1);
    if (status === OK) {
      return true;
    }
    this.#failures += 1;
    const text = await this.readLine();
    if (status !== WARNING) {
      throw protocolError(text ?? "the client gave up");
    }
    return false;
  }

  /** The client has complained in place of a header. */
  countComplaint(): void {
    this.#failures += 1;
  }

  async acknowledge(): Promise<void> {
    await this.write(Buffer.from([OK]));
  }

  /** Tells the user why something was left out; the transfer goes on with what follows. */
  async complain(path: string, error: unknown): Promise<void> {
    this.#failures += 1;
    // eslint-disable-next-line no-control-regex -- control characters are what must not reach a terminal
    const shown = path.replace(/[\u0000-\u001f\u007f]/g, "?");
    await this.write(Buffer.from(`\u0001scp: ${shown}: ${textFor(error)}\n`));
  }

  /** Resolves when the channel has taken the bytes, which may be reused then. */
  async write(bytes: Buffer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onClose = (): void => {
      reject(protocolError("the client left"));
    };
    this.#channel.once("close", onClose);
    this.#channel.write(bytes, (error) => {
      if (error instanceof Error) {
        reject(error);
      } else {
        resolve();
      }
    });
    try {
      await promise;
    } finally {
      this.#channel.off("close", onClose);
    }
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#chunks.next().catch(() => {
      throw protocolError("the client left");
    });
    if (done === true) {
      return false;
    }
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    return true;
  }
}

/** The client breaks the protocol, or is gone: there is nobody to go on with. */
export function protocolError(message: string): SftpError {
  return new SftpError("BAD_MESSAGE", message);
}

function textFor(error: unknown): string {
  if (!(error instanceof SftpError)) {
    return "failure";
  }
  switch (error.code) {
    case "NO_SUCH_FILE":
      return "no such file or directory";
    case "PERMISSION_DENIED":
      return "permission denied";
    default:
      return error.message;
  }
}

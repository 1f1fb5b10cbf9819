import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import type { Login, OpenSsh, Target } from "./openssh.ts";
import { encodePacket, type Field, openFlag, packetType, Reply } from "./sftp-packets.ts";

/**
 * An SFTP client without manners: sends whatever bytes it is told to through OpenSSH's `ssh -s`, and tells what came back.
 */
export class RawSftp {
  readonly #channel: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #exited: Promise<unknown>;
  #unread: Buffer = Buffer.alloc(0);
  #nextId = 1;
  #greet: (() => void) | undefined;
  readonly #greeted: Promise<void>;
  #fail: ((error: Error) => void) | undefined;
  readonly #ended: Promise<never>;
  #stderr = "";

  private constructor(channel: ChildProcessWithoutNullStreams) {
    this.#channel = channel;
    this.#exited = once(channel, "close");
    this.#greeted = new Promise((resolve) => (this.#greet = resolve));
    this.#ended = new Promise((_resolve, reject) => (this.#fail = reject));
    this.#ended.catch(() => undefined);
    channel.stdout.on("data", (chunk: Buffer) => this.#receive(chunk));
    channel.stderr.on("data", (chunk: Buffer) => (this.#stderr += chunk.toString("utf8")));
    channel.stdin.on("error", () => undefined);
    channel.on("close", () => this.#fail?.(new Error(`the session ended: ${this.#stderr.trim()}`)));
  }

  /** Logs in and opens the channel; `greet: false` leaves out INIT, for clients that do not start as they should. */
  static async open(
    openSsh: OpenSsh,
    target: Target,
    login: Login,
    { greet = true }: { readonly greet?: boolean } = {},
  ): Promise<RawSftp> {
    const client = new RawSftp(await openSsh.startSubsystem(target, login));
    if (greet) {
      client.send(encodePacket(packetType.init, 3));
      await Promise.race([client.#greeted, client.#ended]);
    }
    return client;
  }

  send(bytes: Uint8Array): void {
    this.#channel.stdin.write(bytes);
  }

  /** Sends a well-formed request and waits for its answer; rejects when the session ends first or nothing comes. */
  async request(type: number, ...fields: readonly Field[]): Promise<Reply> {
    const id = this.#nextId++;
    const reply = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.send(encodePacket(type, id, ...fields));
    return await within(20_000, `an answer to request ${id} of type ${type}`, Promise.race([reply, this.#ended]));
  }

  async open(path: string | Uint8Array, flags: number = openFlag.read): Promise<Reply> {
    return await this.request(packetType.open, path, flags, 0);
  }

  /** Settles when the server has ended the session, or rejects when it does not within the time. */
  async ended(timeoutMs = 10_000): Promise<void> {
    await within(timeoutMs, "the end of the session", this.#exited);
  }

  /** No longer reads what the server answers. */
  pause(): void {
    this.#channel.stdout.pause();
  }

  async close(): Promise<void> {
    this.#channel.stdin.end();
    this.#channel.kill();
    await this.#exited;
  }

  #receive(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    while (this.#unread.length >= 4) {
      const length = this.#unread.readUInt32BE(0);
      if (this.#unread.length < 4 + length) return;
      this.#deliver(this.#unread.subarray(4, 4 + length));
      this.#unread = this.#unread.subarray(4 + length);
    }
  }

  #deliver(body: Buffer): void {
    if (body[0] === packetType.version) {
      this.#greet?.();
      return;
    }
    const reply = new Reply(body);
    this.#waiting.get(reply.id)?.(reply);
    this.#waiting.delete(reply.id);
  }
}

async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${timeoutMs} ms in vain for ${what}`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

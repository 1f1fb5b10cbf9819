import { once } from "node:events";
import ssh2 from "ssh2";
import type { Client, SFTPWrapper } from "ssh2";

export interface SftpLogin {
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** One user's SFTP session; every method settles with the server's reply, or rejects when the connection ends first. */
export class SftpUser {
  readonly #client: Client;
  readonly #sftp: SFTPWrapper;
  readonly #lost: Promise<never>;

  private constructor(client: Client, sftp: SFTPWrapper) {
    this.#client = client;
    this.#sftp = sftp;
    this.#lost = new Promise((_resolve, reject) => {
      client.once("close", () => reject(new Error("the connection ended")));
    });
    this.#lost.catch(() => undefined);
  }

  static async connect({ port, username, password }: SftpLogin): Promise<SftpUser> {
    const client = new ssh2.Client();
    client.on("error", () => undefined); // `close` follows, and is what is waited for
    client.connect({ host: "127.0.0.1", port, username, password, readyTimeout: 30_000 });
    await Promise.race([
      once(client, "ready"),
      once(client, "close").then(() => {
        throw new Error("no login");
      }),
    ]);
    // Without, each request waits for the acknowledgement of the one before it.
    client.setNoDelay(true);
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      client.once("close", () => reject(new Error("no session")));
      client.sftp((error, opened) => (error === undefined ? resolve(opened) : reject(error)));
    });
    sftp.on("error", () => undefined);
    return new SftpUser(client, sftp);
  }

  /** Three requests: the upload is done with the reply to the last. */
  async upload(path: string, content: Buffer): Promise<void> {
    const handle = await this.#call<Buffer>((done) => this.#sftp.open(path, "w", done));
    await this.#call<void>((done) => this.#sftp.write(handle, content, 0, content.length, 0, done));
    await this.#call<void>((done) => this.#sftp.close(handle, done));
  }

  async download(path: string): Promise<void> {
    const handle = await this.#call<Buffer>((done) => this.#sftp.open(path, "r", done));
    await this.#call<void>((done) => this.#sftp.close(handle, done));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call<void>((done) => this.#sftp.rename(from, to, done));
  }

  async remove(path: string): Promise<void> {
    await this.#call<void>((done) => this.#sftp.unlink(path, done));
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#call<void>((done) => this.#sftp.mkdir(path, done));
  }

  async removeDirectory(path: string): Promise<void> {
    await this.#call<void>((done) => this.#sftp.rmdir(path, done));
  }

  close(): void {
    this.#client.destroy();
  }

  async #call<Result>(
    request: (done: (error: Error | undefined | null, result: Result) => void) => void,
  ): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    request((error, result) => (error ? reject(error) : resolve(result)));
    return await Promise.race([promise, this.#lost]);
  }
}

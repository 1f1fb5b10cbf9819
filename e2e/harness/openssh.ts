import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { run, type RunResult } from "./run.ts";
import type { Sandbox } from "./sandbox.ts";

/** How a client gets in: exactly one of key (file of the private half) and password. */
export type Login = { readonly user: string } & (
  | { readonly keyFile: string; readonly password?: never }
  | { readonly password: string; readonly keyFile?: never }
);

export interface Target {
  readonly port: number;
}

export interface SftpOptions {
  /** Local working folder of the client. Default: the sandbox. */
  readonly cwd?: string;
  readonly timeoutMs?: number;
  /** More arguments, before the host: `["-R", "64"]`. */
  readonly args?: readonly string[];
}

/** OpenSSH's own clients, told to ask nobody anything and to remember no host. */
export class OpenSsh {
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** Makes an ed25519 key pair once a name; returns the private file and the public line. */
  async makeKey(name: string): Promise<{ readonly keyFile: string; readonly publicKey: string }> {
    const keyFile = this.#sandbox.path("keys", name);
    if (!existsSync(keyFile)) {
      const args = ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", keyFile];
      const made = await run("ssh-keygen", args, { env: this.#sandbox.environment() });
      if (made.code !== 0) throw new Error(`ssh-keygen: ${made.stderr}`);
    }
    return { keyFile, publicKey: (await readFile(`${keyFile}.pub`, "utf8")).trim() };
  }

  /** Runs `sftp` with a batch: it ends at the first command that fails, unless that starts with `-`. */
  async sftp(target: Target, login: Login, commands: readonly string[], options: SftpOptions = {}): Promise<RunResult> {
    const { cwd = this.#sandbox.folder, timeoutMs, args = [] } = options;
    const all = [...this.#options(login), "-P", String(target.port), "-q", ...args, "-b", "-"];
    return await run("sftp", [...all, `${login.user}@127.0.0.1`], {
      env: await this.#environment(login),
      cwd,
      input: `${commands.join("\n")}\n`,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  /** Runs `scp` (SFTP mode, its default since OpenSSH 9); a remote path is written `:path`. */
  async scp(target: Target, login: Login, from: string, to: string): Promise<RunResult> {
    const place = (path: string): string => (path.startsWith(":") ? `${login.user}@127.0.0.1${path}` : path);
    const args = [...this.#options(login), "-s", "-P", String(target.port), place(from), place(to)];
    return await run("scp", args, { env: await this.#environment(login), cwd: this.#sandbox.folder });
  }

  /** Starts `sftp` and leaves it running: its input takes commands, one a line. */
  async startSftp(target: Target, login: Login, cwd = this.#sandbox.folder): Promise<ChildProcessWithoutNullStreams> {
    const args = [...this.#options(login), "-P", String(target.port), "-q", `${login.user}@127.0.0.1`];
    const env = await this.#environment(login);
    return this.#owned(spawn("sftp", args, { env, cwd, stdio: "pipe" }));
  }

  /** Starts `ssh -s … sftp`: its input and output are the bytes of the SFTP channel, nothing between. */
  async startSubsystem(target: Target, login: Login): Promise<ChildProcessWithoutNullStreams> {
    const args = [...this.#options(login), "-p", String(target.port), "-s", `${login.user}@127.0.0.1`, "sftp"];
    const env = await this.#environment(login);
    return this.#owned(spawn("ssh", args, { env, cwd: this.#sandbox.folder, stdio: "pipe" }));
  }

  /** A client that a failing test leaves behind ends with the sandbox. */
  #owned<T extends ChildProcess>(child: T): T {
    this.#sandbox.defer(() => {
      child.kill("SIGKILL");
    });
    return child;
  }

  #options(login: Login): readonly string[] {
    const common = ["-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    const quiet = ["-o", "LogLevel=ERROR", "-o", "ConnectTimeout=10", "-o", "IdentitiesOnly=yes"];
    // `sftp -b` asks for BatchMode=yes, which forbids passwords: the option given first wins.
    const way =
      login.keyFile === undefined
        ? ["-o", "PreferredAuthentications=password", "-o", "BatchMode=no", "-o", "NumberOfPasswordPrompts=1"]
        : ["-o", "PreferredAuthentications=publickey", "-i", login.keyFile];
    return [...common, ...quiet, ...way];
  }

  async #environment(login: Login): Promise<Record<string, string>> {
    if (login.password === undefined) return this.#sandbox.environment();
    const askpass = this.#sandbox.path("askpass");
    if (!existsSync(askpass)) {
      await this.#sandbox.writeExecutable("askpass", '#!/bin/sh\nprintf "%s\\n" "$TEST_PASSWORD"\n');
    }
    return this.#sandbox.environment({
      SSH_ASKPASS: askpass,
      SSH_ASKPASS_REQUIRE: "force",
      DISPLAY: ":0",
      TEST_PASSWORD: login.password,
    });
  }
}

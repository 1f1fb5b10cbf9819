import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { LineLog } from "./line-log.ts";
import { isAlive, residentBytesOf } from "./processes.ts";
import { nodeExecutable, repositoryRoot } from "./repository.ts";
import { run, type RunResult } from "./run.ts";
import type { Sandbox } from "./sandbox.ts";
import { type ServerConfig, type ServerOptions, writeConfig } from "./server-config.ts";

const main = join(repositoryRoot, "packages", "server", "src", "main.ts");

/** What is logged once the server takes logins. */
const readyMessage = "listening";

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The real server as a child process, started the way an operator does. */
export class TestServer {
  readonly config: ServerConfig;
  readonly log: LineLog;
  readonly exited: Promise<ServerExit>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, config: ServerConfig) {
    this.#child = child;
    this.config = config;
    this.log = new LineLog();
    if (child.stdout !== null) this.log.follow(child.stdout);
    if (child.stderr !== null) this.log.follow(child.stderr);
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        resolve({ code, signal });
      });
    });
  }

  /** Starts the server with a configuration of its own, or with that of an earlier one, and waits until it takes logins. */
  static async start(
    sandbox: Sandbox,
    options: ServerOptions & { readonly config?: ServerConfig } = {},
  ): Promise<TestServer> {
    const config = options.config ?? (await writeConfig(sandbox, options));
    const child = spawn(nodeExecutable, serveArguments(config.file), {
      env: sandbox.environment(options.env),
      cwd: sandbox.path("data"),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const server = new TestServer(child, config);
    sandbox.defer(async () => {
      await server.stop();
    });
    await server.#ready();
    return server;
  }

  get port(): number {
    return this.config.port;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the server did not start");
    return this.#child.pid;
  }

  get isAlive(): boolean {
    return isAlive(this.pid);
  }

  residentBytes(): number {
    return residentBytesOf(this.pid);
  }

  /** SIGTERM, and SIGKILL when that is not obeyed in a minute. */
  async stop(): Promise<ServerExit> {
    this.#child.kill("SIGTERM");
    const hard = setTimeout(() => this.#child.kill("SIGKILL"), 60_000);
    try {
      return await this.exited;
    } finally {
      clearTimeout(hard);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async #ready(): Promise<void> {
    const ready = this.log.waitForRecord("the server's line that it is ready", ({ msg }) => msg === readyMessage);
    const early = this.exited.then(({ code, signal }) => {
      throw new Error(`the server ended with ${signal ?? code} before it was ready:\n${this.log.lines.join("\n")}`);
    });
    ready.catch(() => undefined);
    early.catch(() => undefined);
    await Promise.race([ready, early]);
  }
}

/** Runs `serve` where it is expected to give up, and tells how it did. */
export async function serveToItsEnd(
  sandbox: Sandbox,
  configFile: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  return await run(nodeExecutable, serveArguments(configFile), {
    env: sandbox.environment(env),
    cwd: sandbox.path("data"),
    timeoutMs: 120_000,
  });
}

function serveArguments(configFile: string): readonly string[] {
  return ["--conditions=source", main, "serve", "--config-file", configFile];
}

/** Any other command of the command line, on the data of a configuration file. */
export async function runCommand(sandbox: Sandbox, configFile: string, args: readonly string[]): Promise<RunResult> {
  return await run(nodeExecutable, ["--conditions=source", main, ...args, "--config-file", configFile], {
    env: sandbox.environment(),
    cwd: sandbox.path("data"),
  });
}

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { GrpcError, type ErrorStatusCode } from "@fairlead/grpc";
import { pluginPath } from "../bundle-plugin.ts";
import { connectGoHost } from "./go-host-client.ts";
import type { KvHost, KvHostProgram, LaunchKvOptions, LogLine } from "./kv-host.ts";

/** The Go program `kv-host`, one process for each plugin. */
export function createGoHost(program: string): KvHostProgram {
  return {
    launch: async ({ command, temporaryFolder }, options) =>
      await openGoHost(program, [...formatFlags(options), ...command], temporaryFolder),
    attach: async (reattach, options) => await openGoHost(program, [...formatFlags(options), "-reattach", reattach]),
  };
}

async function openGoHost(program: string, args: readonly string[], temporaryFolder = tmpdir()): Promise<KvHost> {
  const host = new GoHost(program, args, temporaryFolder);
  try {
    await host.started;
    return host;
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

/** The host could not start its plugin, in go-plugin's words. */
class GoHostError extends Error {}

interface Started {
  readonly pid: number;
  readonly version: number;
  readonly reattach: string;
}

interface Stopped {
  readonly exited: boolean;
  readonly code?: number;
}

/** A line of kv-host's output. */
interface Line {
  readonly started?: Started;
  readonly failed?: string;
  /** With result, or with code and message: the answer to the request of that id. */
  readonly id?: number;
  readonly result?: unknown;
  readonly code?: string;
  readonly message?: string;
  /** What the plugin printed, in base64. */
  readonly stdout?: string;
  readonly stderr?: string;
  readonly stopped?: Stopped;
}

class GoHost implements KvHost {
  readonly kv = connectGoHost((what, details) => this.#ask(what, details));
  readonly started: Promise<void>;
  readonly killHost = (): void => void this.#child.kill("SIGKILL");
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  readonly #start = Promise.withResolvers<void>();
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #printed = { stdout: "", stderr: "" };
  readonly #log: LogLine[] = [];
  #facts: Started = { pid: 0, version: 0, reattach: "" };
  #stopped: Stopped | undefined;
  #lastId = 0;

  constructor(program: string, args: readonly string[], temporaryFolder: string) {
    this.started = this.#start.promise;
    this.#child = spawn(program, args, {
      env: { PATH: pluginPath, TMPDIR: temporaryFolder },
      stdio: "pipe",
    });
    this.#child.stdin.on("error", () => undefined); // A host that failed does not read.
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(JSON.parse(line) as Line));
    createInterface({ input: this.#child.stderr }).on("line", (line) => this.#log.push(parseLogLine(line)));
    this.#closed = once(this.#child, "close").then(() => this.#giveUp());
  }

  get pid(): number {
    return this.#facts.pid;
  }

  get version(): number {
    return this.#facts.version;
  }

  get reattach(): string {
    return this.#facts.reattach;
  }

  stdout(): string {
    return this.#printed.stdout;
  }

  stderr(): string {
    return this.#printed.stderr;
  }

  log(): readonly LogLine[] {
    return this.#log;
  }

  async ping(): Promise<void> {
    await this.#ask("ping", {});
  }

  async stop(): Promise<number | null> {
    this.#child.stdin.end();
    await this.#closed;
    const code = this.#stopped?.code ?? -1;
    return code === -1 ? null : code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #ask(what: string, details: object): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#answers.set(id, answer);
    this.#child.stdin.write(`${JSON.stringify({ id, do: what, ...details })}\n`);
    return answer.promise;
  }

  #take(line: Line): void {
    if (line.stdout !== undefined) this.#printed.stdout += Buffer.from(line.stdout, "base64").toString("utf8");
    if (line.stderr !== undefined) this.#printed.stderr += Buffer.from(line.stderr, "base64").toString("utf8");
    this.#stopped = line.stopped ?? this.#stopped;
    if (line.failed !== undefined) this.#start.reject(new GoHostError(line.failed));
    if (line.started !== undefined) {
      this.#facts = line.started;
      this.#start.resolve();
    }
    if (line.id !== undefined) this.#settle(line.id, line);
  }

  #settle(id: number, { code, message, result }: Line): void {
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    if (code === undefined) answer?.resolve(result);
    else answer?.reject(new GrpcError(readStatusCode(code), message ?? ""));
  }

  #giveUp(): void {
    this.#start.reject(new GoHostError(`kv-host ended: ${JSON.stringify(this.#log)}`));
    for (const { reject } of this.#answers.values()) reject(new GoHostError("kv-host ended before it answered"));
  }
}

function formatFlags(options: LaunchKvOptions): string[] {
  const { tls, multiplex, versions, startTimeoutMs, ports, sockets } = options;
  const values = {
    "-versions": versions?.join(","),
    "-start-timeout": startTimeoutMs === undefined ? undefined : `${startTimeoutMs}ms`,
    "-min-port": ports?.min,
    "-max-port": ports?.max,
    "-socket-dir": sockets?.folder,
    "-socket-group": sockets?.group,
    "-tls-dir": typeof tls === "object" ? tls.folder : undefined,
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return [
    ...(tls === "auto" ? ["-auto-mtls"] : []),
    ...(multiplex === true ? ["-multiplex"] : []),
    ...given.flatMap(([flag, value]) => [flag, String(value)]),
  ];
}

/** "NotFound" as we spell it. */
function readStatusCode(name: string): ErrorStatusCode {
  if (name === "Canceled") return "CANCELLED";
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase() as ErrorStatusCode;
}

function parseLogLine(line: string): LogLine {
  try {
    const { "@level": level, "@message": message, ...fields } = JSON.parse(line) as Record<string, unknown>;
    return { level: String(level), message: String(message), fields };
  } catch {
    return { level: "none", message: line, fields: {} };
  }
}

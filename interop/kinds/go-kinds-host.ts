import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fsFilterJson, logFilterJson, providerFilterJson } from "./filter-json.ts";
import { CallFailed, type KindsAnswer, type KindsCall, type KindsHost, type LaunchKindsHost } from "./kinds-host.ts";

/** The Go program `kinds-host`, which calls as SFTPGo does. */
export function createGoKindsHost(program: string): LaunchKindsHost {
  return async ({ kind, plugin, autoMtls, env }) => {
    const args = ["-kind", kind, `-auto-mtls=${autoMtls}`, "-env", Object.keys(env).join(","), plugin];
    const host = new GoKindsHost(spawn(program, args, { env, stdio: "pipe" }));
    await host.started;
    return host;
  };
}

interface Line {
  readonly started?: { readonly pid: number; readonly version: number };
  readonly failed?: string;
  readonly id?: number;
  readonly result?: KindsAnswer;
  readonly code?: string;
  readonly message?: string;
}

class GoKindsHost implements KindsHost {
  pid = 0;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #start = Promise.withResolvers<void>();
  readonly #answers = new Map<number, PromiseWithResolvers<KindsAnswer>>();
  readonly #closed: Promise<unknown>;
  #lastId = 0;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdin.on("error", () => undefined); // A host that failed does not read.
    child.stderr.resume();
    createInterface({ input: child.stdout }).on("line", (line) => this.#take(JSON.parse(line) as Line));
    this.#closed = once(child, "close").then(() => this.#giveUp());
  }

  get started(): Promise<void> {
    return this.#start.promise;
  }

  async call(call: KindsCall): Promise<KindsAnswer> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<KindsAnswer>();
    this.#answers.set(id, answer);
    this.#child.stdin.write(`${JSON.stringify({ id, ...call, ...filterOf(call) })}\n`);
    return await answer.promise;
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #take({ started, failed, id, result, code, message }: Line): void {
    if (started !== undefined) {
      this.pid = started.pid;
      this.#start.resolve();
    }
    if (failed !== undefined) this.#start.reject(new CallFailed("start", failed));
    if (id === undefined) return;
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    if (code === undefined) answer?.resolve(result ?? null);
    else answer?.reject(new CallFailed(code, message ?? ""));
  }

  #giveUp(): void {
    const error = new CallFailed("ended", "the Go host has ended");
    this.#start.reject(error);
    for (const answer of this.#answers.values()) answer.reject(error);
  }
}

function filterOf(call: KindsCall): object {
  switch (call.do) {
    case "SearchFsEvents":
      return { filter: undefined, fs: fsFilterJson(call.filter) };
    case "SearchProviderEvents":
      return { filter: undefined, provider: providerFilterJson(call.filter) };
    case "SearchLogEvents":
      return { filter: undefined, log: logFilterJson(call.filter) };
    default:
      return {};
  }
}

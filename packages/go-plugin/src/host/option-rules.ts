import { findGrpcProblem, hostGrpc } from "../grpc-options.ts";
import type { HostGrpcOptions, PeerGrpc } from "../grpc-options.ts";
import { silentLogger } from "../logger.ts";
import type { Logger } from "../logger.ts";
import { PluginError } from "../plugin-error.ts";
import type { KindMap } from "./launch-options.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Checks of options, for callers without types too: what is missing must neither start a plugin in another way nor fail
 * in the middle of it. All throw `ERR_INVALID_OPTION`.
 */
export class OptionRules {
  readonly #call: "launch" | "reattach";

  constructor(call: "launch" | "reattach") {
    this.#call = call;
  }

  invalid(option: string, problem: string): PluginError {
    return new PluginError("ERR_INVALID_OPTION", `${this.#call}: option ${option} ${problem}`, { details: { option } });
  }

  readVersions(versions: unknown): ReadonlyMap<number, KindMap> {
    if (!isRecord(versions))
      throw this.invalid("versions", "is not set: give the plugin kinds of at least one version");
    const kinds = new Map(Object.entries(versions).map(([version, map]) => [Number(version), map as KindMap]));
    if (kinds.size === 0) throw this.invalid("versions", "is empty: give the plugin kinds of at least one version");
    for (const version of kinds.keys()) {
      if (!Number.isSafeInteger(version) || version < 0) {
        throw this.invalid("versions", `has ${version}, not a whole number`);
      }
    }
    return kinds;
  }

  readDuration(option: string, value: number): number {
    if (value > 0 && value <= LONGEST_TIMER_MS) return value;
    throw this.invalid(option, `is ${value}: expected milliseconds above 0`);
  }

  readLogger(logger: unknown, plugin: string): Logger {
    if (logger !== undefined && !(isRecord(logger) && isFunction(logger["log"]) && isFunction(logger["child"]))) {
      throw this.invalid("logger", "has no method log or no method child");
    }
    return ((logger as Logger | undefined) ?? silentLogger).child({ plugin });
  }

  readGrpc(options: HostGrpcOptions | undefined): PeerGrpc {
    const problem = options === undefined ? undefined : findGrpcProblem(options);
    if (problem !== undefined) throw this.invalid("grpc", problem);
    return hostGrpc(options);
  }

  /** Each of them a stream that can be written to. */
  checkSinks(stdio: unknown): void {
    if (stdio === undefined) return;
    if (!isRecord(stdio)) throw this.invalid("stdio", "is no object of streams");
    for (const name of ["stdout", "stderr", "rawStderr"]) {
      const sink = stdio[name];
      if (sink === undefined || (isRecord(sink) && isFunction(sink["write"]) && isFunction(sink["once"]))) continue;
      throw this.invalid(`stdio.${name}`, "is no stream to write to");
    }
  }

  checkSignal(signal: unknown): void {
    if (signal !== undefined && !(signal instanceof AbortSignal)) throw this.invalid("signal", "is no AbortSignal");
  }

  checkCallback(option: string, value: unknown): void {
    if (value !== undefined && !isFunction(value)) throw this.invalid(option, "is no function");
  }

  checkBoolean(option: string, value: unknown): void {
    if (value !== undefined && typeof value !== "boolean") {
      throw this.invalid(option, `is ${JSON.stringify(value)}: expected true or false`);
    }
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

export function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

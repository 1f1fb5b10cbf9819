import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import { pluginPath } from "./bundle-plugin.ts";
import { formatEventLine, type AnyEvent } from "./event-lines.ts";

/** One event sent by the Go host. */
interface GoCall {
  readonly kind: string;
  readonly ms: number;
  /** A gRPC status name as Go spells it: `OK`, `Unknown`, `DeadlineExceeded` … */
  readonly code: string;
  readonly message?: string;
}

/** What a run of the Go host printed. */
export interface GoHostRun {
  readonly exitCode: number | null;
  /** Why the plugin could not be started or an event could not be read. */
  readonly error: string | undefined;
  readonly started: { readonly ms: number; readonly pid: number; readonly protocolVersion: number } | undefined;
  readonly calls: readonly GoCall[];
  readonly stopped:
    | { readonly ms: number; readonly exited: boolean; readonly status: string; readonly code: number }
    | undefined;
  /** The host's log with the plugin's in it, parsed. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
}

export interface GoHostOptions {
  readonly autoMtls: boolean;
  readonly sha256?: string;
  /** The host's environment, beside PATH and TMPDIR; the plugin gets those two and what starts with its prefix. */
  readonly env?: Readonly<Record<string, string>>;
  readonly events: readonly AnyEvent[];
}

/** Runs `notifier-host` with one plugin to its end. */
export async function runGoHost(host: string, plugin: string, options: GoHostOptions): Promise<GoHostRun> {
  const child = spawnGoHost(host, plugin, options);
  child.stdin.end(options.events.map((event) => `${formatEventLine(event)}\n`).join(""));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  const lines = parseLines(stdout);
  return {
    exitCode: child.exitCode,
    error: lines.map((line) => line["error"] as string | undefined).find((error) => error !== undefined),
    started: lines.map((line) => line["started"] as GoHostRun["started"]).find((started) => started !== undefined),
    calls: lines.map((line) => line["call"] as GoCall | undefined).filter((call) => call !== undefined),
    stopped: lines.map((line) => line["stopped"] as GoHostRun["stopped"]).find((stopped) => stopped !== undefined),
    log: parseLines(stderr),
  };
}

/** Starts `notifier-host` with one plugin; it takes event lines on its standard input until that ends. */
export function spawnGoHost(
  host: string,
  plugin: string,
  options: Omit<GoHostOptions, "events">,
): ChildProcessWithoutNullStreams {
  const checksum = options.sha256 === undefined ? [] : ["-sha256", options.sha256];
  const args = [`-auto-mtls=${options.autoMtls}`, ...checksum, "-env-vars", "PATH,TMPDIR", plugin];
  const child = spawn(host, args, { env: { PATH: pluginPath, TMPDIR: tmpdir(), ...options.env }, stdio: "pipe" });
  child.stdin.on("error", () => undefined); // A host that could not start its plugin leaves without reading.
  return child;
}

function parseLines(output: string): Readonly<Record<string, unknown>>[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

import { PluginError } from "../plugin-error.ts";
import type { PluginErrorCode } from "../error-codes.ts";
import { quoteLine } from "../protocol/handshake-line.ts";
import { findCrashCause } from "./crash-cause.ts";
import { explainHangUp } from "./health.ts";
import type { ExitStatus } from "./launch-options.ts";
import { describeExit } from "./running-plugin.ts";

/** What is known about a plugin that did not start. */
export interface StartFacts {
  readonly name: string;
  readonly file: string;
  readonly cookieKey: string;
  /** Undefined when it never ran; pid is 0 when it is no process of this machine. */
  readonly process: { readonly id: string; readonly pid: number } | undefined;
  /** Undefined while it still ran when the host gave up. */
  readonly exit: ExitStatus | undefined;
  /** Empty when there was none. */
  readonly firstLine: string;
  readonly stderr: readonly string[];
  /** What may explain it, one sentence each. */
  readonly diagnose: () => Promise<readonly string[]>;
}

const DIAGNOSIS_MS = 1_000;

// Failures that the plugin's file cannot explain.
const UNRELATED_TO_FILE: ReadonlySet<PluginErrorCode> = new Set([
  "ERR_APP_VERSION",
  "ERR_CORE_VERSION",
  "ERR_START_ABORTED",
  "ERR_TLS_IDENTITY",
  "ERR_UNSUPPORTED_PROTOCOL",
]);

/**
 * The error of a failed start with everything around it: the cause first, then what the file explains, the process and
 * its output. Each line is a sentence, because command lines show them joined.
 */
export async function describeStartFailure(error: unknown, facts: StartFacts): Promise<PluginError> {
  const failure = preferExit(toPluginError(error, facts), facts);
  const notes = UNRELATED_TO_FILE.has(failure.code) ? [] : await diagnose(facts);
  const hangUp = facts.exit === undefined ? explainHangUp(failure) : [];
  const headline = `plugin ${facts.name} did not start: ${describeReason(failure, facts)}`;
  const lines = [
    headline,
    ...[...describeCookie(facts), ...hangUp, ...notes].map((note) => `Note: ${note}`),
    `Command: ${facts.file}${describeProcess(facts)}, ${describeState(facts)}.`,
    ...describeFirstLine(failure, facts),
    ...describeSearchWords(failure, facts),
    ...describeStderr(headline, facts),
  ];
  const { name, file, exit, firstLine, stderr } = facts;
  const pid = facts.process?.pid ?? 0;
  return new PluginError(failure.code, lines.join("\n"), {
    details: { ...failure.details, plugin: name, file, pid, exit, firstLine, stderr, notes },
    cause: failure.cause ?? error,
  });
}

// A program that prints and then fails did not mean its print as a handshake: what counts is why it ended.
function preferExit(failure: PluginError, { exit }: StartFacts): PluginError {
  if (failure.code !== "ERR_HANDSHAKE_MALFORMED" || exit === undefined || exit.code === 0) return failure;
  return new PluginError("ERR_PLUGIN_EXITED_EARLY", failure.summary, { details: failure.details, cause: failure });
}

function describeReason(failure: PluginError, { exit, stderr }: StartFacts): string {
  const early = failure.code === "ERR_PLUGIN_EXITED_EARLY";
  const summary = failure.summary.trim();
  if (!early && (exit === undefined || (exit.code === null && exit.signal === null))) return summary;
  const end = exit === undefined ? "it closed its stdout without a handshake line" : describeEnd(exit);
  const cause = findCrashCause(stderr);
  const reason = cause === undefined ? end : `${end}: ${quoteLine(cause)}`;
  return early ? reason : `${summary}; ${reason}`;
}

function describeEnd(exit: ExitStatus): string {
  return exit.signal === null ? `it exited with status ${exit.code}` : `it was killed by ${exit.signal}`;
}

// What go-plugin's hosts say in this case, for those who search for it.
function describeSearchWords(failure: PluginError, { firstLine }: StartFacts): string[] {
  if (failure.code !== "ERR_PLUGIN_EXITED_EARLY") return [];
  const words = firstLine.trim() === "" ? "Failed to read any lines from plugin's stdout" : quoteLine(firstLine.trim());
  return [`In go-plugin's words: plugin exited before we could connect, Unrecognized remote plugin message: ${words}`];
}

function describeStderr(headline: string, { stderr }: StartFacts): string[] {
  if (stderr.every((line) => headline.includes(quoteLine(line)))) return [];
  return ["On stderr:", ...stderr.map((line) => `  ${quoteLine(line)}`)];
}

// It runs when something already went wrong, and may be the caller's own code.
async function diagnose(facts: StartFacts): Promise<readonly string[]> {
  const { promise: late, resolve } = Promise.withResolvers<readonly string[]>();
  const timer = setTimeout(resolve, DIAGNOSIS_MS, []);
  try {
    return await Promise.race([facts.diagnose(), late]);
  } catch {
    // The failure itself is what counts.
    return [];
  } finally {
    clearTimeout(timer);
  }
}

function toPluginError(error: unknown, facts: StartFacts): PluginError {
  if (PluginError.is(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new PluginError("ERR_PLUGIN_SPAWN_FAILED", `cannot run ${facts.file}: ${reason}`, { cause: error });
}

function describeProcess({ process }: StartFacts): string {
  if (process === undefined) return "";
  return process.pid === 0 ? ` (id ${process.id})` : ` (pid ${process.pid})`;
}

function describeState({ process, exit }: StartFacts): string {
  if (process === undefined) return "never ran";
  return exit === undefined ? "still running, killed by the host" : describeExit(exit);
}

function describeFirstLine(failure: PluginError, facts: StartFacts): string[] {
  const shown = quoteLine(facts.firstLine.trim());
  if (shown === "") return [];
  if (failure.code !== "ERR_PLUGIN_EXITED_EARLY" && failure.summary.includes(shown)) return [];
  return [`First line on stdout: ${shown}`];
}

// Plugins of go-plugin's family all refuse in the same words.
function describeCookie(facts: StartFacts): string[] {
  if (!facts.stderr.some((line) => line.includes("This binary is a plugin"))) return [];
  return [
    `the plugin does not accept the magic cookie ${facts.cookieKey}: it was made for another host or another kind, or the host's handshake is misspelt.`,
  ];
}

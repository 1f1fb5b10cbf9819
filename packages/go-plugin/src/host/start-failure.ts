import { existsSync } from "node:fs";
import { PluginError } from "../plugin-error.ts";
import type { PluginErrorCode } from "../error-codes.ts";
import { quoteLine } from "../protocol/handshake-line.ts";
import { diagnoseExecutable } from "./diagnosis.ts";
import type { ExitStatus } from "./launch-options.ts";
import { describeExit } from "./running-plugin.ts";

/** What is known about a plugin that did not start. */
export interface StartFacts {
  readonly name: string;
  readonly file: string;
  readonly cwd: string;
  readonly searchPath: string | undefined;
  readonly cookieKey: string;
  readonly pid: number;
  /** Undefined while it still ran when the host gave up. */
  readonly exit: ExitStatus | undefined;
  /** Empty when there was none. */
  readonly firstLine: string;
  readonly stderr: readonly string[];
}

// Failures that the plugin's file cannot explain.
const UNRELATED_TO_FILE: ReadonlySet<PluginErrorCode> = new Set([
  "ERR_APP_VERSION",
  "ERR_CORE_VERSION",
  "ERR_START_ABORTED",
  "ERR_TLS_IDENTITY",
  "ERR_UNSUPPORTED_PROTOCOL",
]);

/** The error of a failed start with everything around it: exit status, output, diagnosis of the file. */
export async function describeStartFailure(error: unknown, facts: StartFacts): Promise<PluginError> {
  const failure = toPluginError(error, facts);
  const notes = UNRELATED_TO_FILE.has(failure.code) ? [] : await diagnose(facts);
  const lines = [
    `plugin ${facts.name} did not start: ${failure.summary}`,
    `Command: ${facts.file}${facts.pid === 0 ? "" : ` (pid ${facts.pid})`}, ${describeState(facts)}.`,
    ...describeFirstLine(failure, facts),
    ...(facts.stderr.length === 0
      ? []
      : ["Last lines on stderr:", ...facts.stderr.map((line) => `  ${quoteLine(line)}`)]),
    ...[...describeCookie(facts), ...notes].map((note) => `Note: ${note}`),
  ];
  const { name, file, pid, exit, firstLine, stderr } = facts;
  return new PluginError(failure.code, lines.join("\n"), {
    details: { ...failure.details, plugin: name, file, pid, exit, firstLine, stderr, notes },
    cause: failure.cause ?? error,
  });
}

async function diagnose(facts: StartFacts): Promise<readonly string[]> {
  const notes = await diagnoseExecutable(facts.file, facts.searchPath);
  // The system says ENOENT about a missing folder too, and Node names the command.
  return existsSync(facts.cwd) ? notes : [...notes, `The working folder ${facts.cwd} does not exist.`];
}

function toPluginError(error: unknown, facts: StartFacts): PluginError {
  if (PluginError.is(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new PluginError("ERR_PLUGIN_SPAWN_FAILED", `cannot run ${facts.file}: ${reason}`, { cause: error });
}

function describeState({ pid, exit }: StartFacts): string {
  if (pid === 0) return "never ran";
  return exit === undefined ? "still running, killed by the host" : describeExit(exit);
}

function describeFirstLine(failure: PluginError, facts: StartFacts): string[] {
  const shown = quoteLine(facts.firstLine.trim());
  if (shown === "") return [];
  return failure.summary.includes(shown) ? [] : [`First line on stdout: ${shown}`];
}

// Plugins of go-plugin's family all refuse in the same words.
function describeCookie(facts: StartFacts): string[] {
  if (!facts.stderr.some((line) => line.includes("This binary is a plugin"))) return [];
  return [
    `the plugin does not know the magic cookie ${facts.cookieKey}: it was made for another host or another kind.`,
  ];
}

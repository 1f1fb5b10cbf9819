import { PluginError } from "../plugin-error.ts";
import { formatAddress, parseAddress } from "../protocol/handshake-line.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import type { AddressTranslator, AttachedRunner, RunnerProcess } from "./runner.ts";

/** Refuses what a runner without types gives back and no plugin can be run with. */
export function readRunnerProcess(process: RunnerProcess): RunnerProcess {
  readAttachedRunner(process);
  const { Readable } = globalThis.process.getBuiltinModule("node:stream");
  if (!(process.stdout instanceof Readable && process.stderr instanceof Readable)) {
    throw invalid("gave no streams stdout and stderr");
  }
  if (
    [process.stdout, process.stderr].some((stream) => stream.readableObjectMode || stream.readableEncoding !== null)
  ) {
    throw invalid("gave stdout or stderr as text or objects: bytes are expected");
  }
  return process;
}

/** The same for a runner that found a plugin which runs already. */
export function readAttachedRunner(runner: AttachedRunner): AttachedRunner {
  const { id, pid, exited, kill } = runner as { readonly [Part in keyof AttachedRunner]?: unknown };
  if (typeof id !== "string" || id === "") throw invalid("gave the plugin no id");
  if (!(exited instanceof Promise) || typeof kill !== "function") throw invalid("gave no exited or no kill");
  if (pid !== undefined && !(Number.isSafeInteger(pid) && (pid as number) > 0)) {
    throw invalid(`gave ${JSON.stringify(pid)} as process id`);
  }
  return runner;
}

/** Where the host connects to reach what the plugin says. */
export function translateToHost(translator: AddressTranslator, address: PluginAddress): PluginAddress {
  return translate(address, () => translator.pluginToHost?.(address), "the plugin's address");
}

/** Where the plugin connects to reach what the host says. */
export function translateToPlugin(translator: AddressTranslator, address: PluginAddress): PluginAddress {
  return translate(address, () => translator.hostToPlugin?.(address), "the host's address");
}

function translate(address: PluginAddress, ask: () => PluginAddress | undefined, whose: string): PluginAddress {
  try {
    const translated = ask() ?? address;
    if (!isAddress(translated)) throw new TypeError("it gave no address");
    return translated;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PluginError(
      "ERR_CONNECT_FAILED",
      `the runner cannot translate ${whose} ${formatAddress(address)}: ${reason}`,
      { cause },
    );
  }
}

// A runner without types may give anything, a promise of an address among it.
function isAddress(value: PluginAddress): boolean {
  try {
    parseAddress(value.network, formatAddress(value));
    return true;
  } catch {
    return false;
  }
}

function invalid(problem: string): PluginError {
  return new PluginError("ERR_INVALID_OPTION", `launch: option runner ${problem}`, { details: { option: "runner" } });
}

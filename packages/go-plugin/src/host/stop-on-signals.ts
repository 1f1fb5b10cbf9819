import { constants } from "node:os";
import { PluginError } from "../plugin-error.ts";
import { stopAllPluginsForGood } from "./managed-plugins.ts";

/** What {@link stopPluginsOnSignals} listens to. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

const END_SIGNALS: readonly EndSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Ends the plugins before this process, when one of these signals ends it: a signal that nobody handles leaves them
 * running. The first one stops them all, as stopAllPlugins() does, lets none be started, and then takes its course, so
 * that whoever sent it sees a process that was ended by it; a second one kills plugins and process at once. For programs
 * that have no handlers of their own: those that have call stopAllPlugins() there. (go-plugin leaves it to each host.)
 *
 * @returns a function that takes the handlers back
 */
export function stopPluginsOnSignals(signals: readonly EndSignal[] = END_SIGNALS): () => void {
  checkSignals(signals);
  let isStopping = false;
  const undo = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  const onSignal = (signal: EndSignal): void => {
    // The hooks of a process that exits kill what is left.
    if (isStopping) process.exit(128 + constants.signals[signal]);
    isStopping = true;
    void endWith(signal, undo);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return undo;
}

// Callers without types: a host must not believe that it is prepared.
function checkSignals(signals: unknown): void {
  const isKnown = (signal: unknown): boolean => (END_SIGNALS as readonly unknown[]).includes(signal);
  if (Array.isArray(signals) && signals.every(isKnown)) return;
  throw new PluginError(
    "ERR_INVALID_OPTION",
    `stopPluginsOnSignals: ${JSON.stringify(signals)} is no list of ${END_SIGNALS.join(", ")}`,
    { details: { option: "signals" } },
  );
}

async function endWith(signal: EndSignal, undo: () => void): Promise<void> {
  const allowStarts = await stopAllPluginsForGood();
  undo();
  process.kill(process.pid, signal);
  // Somebody else handles it, and goes on.
  setImmediate(allowStarts);
}

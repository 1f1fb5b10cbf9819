import { PluginError } from "../plugin-error.ts";
import type { ExitStatus } from "./launch-options.ts";

const stops = new Set<() => Promise<unknown>>();
let isEnding = false;

/**
 * Stops every plugin of this process, all at the same time, as {@link PluginProcess.stop} does, and gives up starts that
 * are under way (go-plugin's `CleanupClients`). Never rejects. Plugins launched with `managed: false` are left alone,
 * attached ones in test mode let go. Plugins can be launched again afterwards, unlike in go-plugin.
 */
export async function stopAllPlugins(): Promise<void> {
  await Promise.allSettled([...stops].map(async (stop) => await stop()));
}

/**
 * The same for a process that ends: nothing is started any more, not even what the end of a plugin makes its host start.
 * Returns a function that allows it again.
 */
export async function stopAllPluginsForGood(): Promise<() => void> {
  isEnding = true;
  await stopAllPlugins();
  return () => (isEnding = false);
}

/** Runs a start whose plugin, and which itself, is known to {@link stopAllPlugins}. */
export async function runManaged<
  P extends { readonly exited: Promise<ExitStatus>; readonly stop: () => Promise<ExitStatus> },
>(
  plan: { readonly managed: boolean; readonly signal: AbortSignal },
  start: (signal: AbortSignal) => Promise<P>,
): Promise<P> {
  if (!plan.managed) return await start(plan.signal);
  if (isEnding) throw new PluginError("ERR_START_ABORTED", "this process is being ended, no plugin is started");
  const giveUp = new AbortController();
  const starting = start(AbortSignal.any([plan.signal, giveUp.signal]));
  const stop = async (): Promise<void> => {
    giveUp.abort(new PluginError("ERR_START_ABORTED", "all plugins of this process are being stopped"));
    const plugin = await starting;
    await plugin.stop();
  };
  stops.add(stop);
  try {
    const plugin = await starting;
    void plugin.exited.then(() => stops.delete(stop));
    return plugin;
  } catch (error) {
    stops.delete(stop);
    throw error;
  }
}

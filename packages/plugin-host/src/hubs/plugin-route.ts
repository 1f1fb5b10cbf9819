import type { CallMeter } from "./call-meter.ts";

/** Whether a plugin can be called now. */
export type PluginAvailability<Client> =
  | { readonly status: "up"; readonly client: Client }
  /** It runs and does not answer health checks; a call may still be answered, or end at its deadline. */
  | { readonly status: "paused"; readonly client: Client }
  /** It does not run: it is being started (again), or was given up. `startFailed`: its last start failed. */
  | { readonly status: "down"; readonly startFailed: boolean };

/** One plugin, as the hub of its kind sees it. */
export interface PluginRoute<Config, Client> {
  readonly config: Config;
  /** How messages name it: `plugins[1] (auth "/usr/bin/x")`. */
  readonly label: string;
  /** At this moment. */
  readonly availability: PluginAvailability<Client>;
  /** Where the hub counts its calls. */
  readonly calls: CallMeter;
}

/** The plugins of one kind in the order of the configuration; a reload changes what it returns. */
export interface RouteList<Config, Client> {
  current(): readonly PluginRoute<Config, Client>[];
}

/** `plugins[1] (auth "/usr/bin/x")`. */
export function formatPluginLabel(
  index: number,
  { type, cmd }: { readonly type: string; readonly cmd: string },
): string {
  return `plugins[${index}] (${type} ${JSON.stringify(cmd)})`;
}

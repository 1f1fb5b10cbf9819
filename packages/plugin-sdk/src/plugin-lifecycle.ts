import type { Awaitable } from "./call-context.ts";

/** The two ends of a plugin's life. */
export interface PluginLifecycle {
  /** Runs before the server is told that the plugin is ready, which waits up to a minute. A rejection fails its start. */
  start?(): Awaitable<void>;
  /** Runs when the server ends the plugin, after its last call; two seconds later the process is killed. */
  stop?(): Awaitable<void>;
}

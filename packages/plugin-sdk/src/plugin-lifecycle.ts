import type { Logger } from "@fairlead/go-plugin";
import type { Awaitable } from "./call-context.ts";

/** What a plugin has before its first call. */
export interface StartContext {
  /** Writes to the server's log. */
  readonly logger: Logger;
}

/** The two ends of a plugin's life. */
export interface PluginLifecycle {
  /** Runs before the server is told that the plugin is ready, which waits up to a minute. A rejection fails its start. */
  start?(context: StartContext): Awaitable<void>;
  /** Runs when the server ends the plugin, after its last call; two seconds later the process is killed. */
  stop?(): Awaitable<void>;
}

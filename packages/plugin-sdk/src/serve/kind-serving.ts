import type { CookiePair, PluginKind } from "@fairlead/go-plugin";
import type { Awaitable } from "../call-context.ts";
import type { PluginSelfDescription } from "./run-by-hand.ts";

/** A kind of plugin, by its name in the server's configuration. */
export type PluginType = "notifier" | "auth" | "kms" | "ipfilter" | "eventsearcher";

/** What serving a kind takes. */
export interface LoadedKind<Handlers> {
  readonly kind: PluginKind<Handlers, unknown>;
  /**
   * What a person is told who runs the plugin by hand. Without handlers when they are only known once there are settings:
   * then the entry has whatever the kind may need.
   */
  describe(handlers: Handlers | undefined): PluginSelfDescription;
}

/** A kind before it is known whether it is served: a plugin loads only those it is started for. */
export interface KindServing<Handlers> {
  readonly type: PluginType;
  readonly handshake: CookiePair;
  load(): Awaitable<LoadedKind<Handlers>>;
}

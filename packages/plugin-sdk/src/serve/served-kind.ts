import type { CookiePair, PluginKind } from "@fairlead/go-plugin";
import type { PluginSelfDescription } from "./run-by-hand.ts";

/** A kind of plugin, by its name in the server's configuration. */
export type PluginType = "notifier" | "auth" | "kms" | "ipfilter" | "eventsearcher";

/** What serving a kind takes. */
export interface ServedKind<Handlers> {
  readonly type: PluginType;
  /** How a process knows that it is started for this kind. */
  readonly handshake: CookiePair;
  readonly kind: PluginKind<Handlers, unknown>;
  /**
   * What a person is told who runs the plugin by hand. Without handlers when they are only known once there are settings:
   * then the entry has whatever the kind may need.
   */
  describe(handlers: Handlers | undefined): PluginSelfDescription;
}

/** What a plugin says about itself. */
export interface PluginInfo {
  readonly name: string;
  /** Free text; nothing when it has none. */
  readonly version: string;
  /** The kinds that this process serves: `notifier`, `auth`, `kms`, `ipfilter`, `eventsearcher`. */
  readonly kinds: readonly string[];
  /** What it serves beside them, by full name: `fairlead.Gate`. */
  readonly services: readonly string[];
}

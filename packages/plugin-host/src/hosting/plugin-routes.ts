import type { PluginType } from "../config/plugin-config.ts";
import type { NotifierRoute } from "../delivery/notifier-hub.ts";
import type { GateRoutes } from "../hubs/gate-hub.ts";
import type { RouteList } from "../hubs/plugin-route.ts";
import type { HostedPlugin } from "./hosted-plugin.ts";
import type { ConfigOf, PluginEntry, RouteOf } from "./plugin-entry.ts";
import type { ClientByType } from "./plugin-kinds.ts";

type GateRoute = ReturnType<GateRoutes["current"]>[number];

/** What the hubs see of the entries: live lists, made anew only when the entries change. */
export class PluginRoutes {
  /** The same array all the time, as its hub keeps it. */
  readonly notifiers: NotifierRoute[] = [];
  readonly gates: GateRoutes = { current: () => this.#gates };
  #entries: readonly PluginEntry[] = [];
  #byType = new Map<PluginType, readonly RouteOf<PluginType>[]>();
  #gates: readonly GateRoute[] = [];
  #gated: ReadonlySet<PluginEntry> = new Set();
  /** Those of which {@link updateGates} has said that they have none. */
  readonly #told = new WeakSet<PluginEntry>();

  listOf<Type extends PluginType>(type: Type): RouteList<ConfigOf<Type>, ClientByType[Type]> {
    const none: readonly RouteOf<Type>[] = [];
    return { current: () => (this.#byType.get(type) as readonly RouteOf<Type>[] | undefined) ?? none };
  }

  /** The entries in force, in the order of the configuration. Returns what {@link updateGates} does. */
  setEntries(entries: readonly PluginEntry[]): readonly PluginEntry[] {
    this.#entries = entries;
    this.#byType = new Map(
      [...Map.groupBy(entries, ({ config }) => config.type)].map(([type, some]) => [
        type,
        some.map((entry) => entry.routeAs(type)),
      ]),
    );
    const notifiers = entries.flatMap(({ notifier }) => notifier ?? []);
    this.notifiers.splice(0, this.notifiers.length, ...notifiers);
    return this.updateGates();
  }

  /**
   * A process told whether it has a gate. One for each process, with the options of its first entry; where an entry counts
   * on a gate that its process turns out not to have, these decide. Returns the entries that had one before, or count on
   * one, and have none now, each once.
   */
  updateGates(): readonly PluginEntry[] {
    const before = this.#gated;
    const hosts = new Map<HostedPlugin, PluginEntry>();
    for (const entry of this.#entries) {
      const { host } = entry;
      if (host === undefined || hosts.has(host)) continue;
      if (host.hasGate === true || host.entries.some(({ config }) => config.fairlead.gate.expected))
        hosts.set(host, entry);
    }
    this.#gates = [...hosts].map(([host, entry]) => createGateRoute(host, entry));
    this.#gated = new Set(this.#entries.filter(({ host }) => host !== undefined && hosts.has(host)));
    return this.#entries.filter((entry) => this.#isNews(entry, before));
  }

  #isNews(entry: PluginEntry, before: ReadonlySet<PluginEntry>): boolean {
    const isMissing = entry.host?.hasGate === false && (before.has(entry) || entry.config.fairlead.gate.expected);
    const wasTold = this.#told.has(entry);
    if (isMissing) this.#told.add(entry);
    else this.#told.delete(entry);
    return isMissing && !wasTold;
  }
}

function createGateRoute(host: HostedPlugin, entry: PluginEntry): GateRoute {
  return {
    get config() {
      return entry.config;
    },
    get label() {
      return entry.label;
    },
    get availability() {
      return host.gateAvailability;
    },
    calls: entry.calls,
  };
}

import type { AuthHandlers } from "../auth/auth-handlers.ts";
import { servedAuth } from "../auth/served-auth.ts";
import type { Awaitable } from "../call-context.ts";
import type { EventSearcherHandlers } from "../eventsearcher/eventsearcher-handlers.ts";
import { servedEventSearcher } from "../eventsearcher/served-eventsearcher.ts";
import type { GateHandlers } from "../gate/gate-handlers.ts";
import { GATE_SERVICE, gateKind } from "../gate/gate-kind.ts";
import type { IpFilterHandlers } from "../ipfilter/ipfilter-handlers.ts";
import { servedIpFilter } from "../ipfilter/served-ipfilter.ts";
import type { KmsHandlers } from "../kms/kms-handlers.ts";
import { servedKms } from "../kms/served-kms.ts";
import type { NotifierHandlers } from "../notifier/notifier-handlers.ts";
import { servedNotifier } from "../notifier/served-notifier.ts";
import type { PluginIdentity } from "../plugin-identity.ts";
import type { StartContext } from "../plugin-lifecycle.ts";
import type { Settings } from "../settings/define-settings.ts";
import { declareKind, declareService } from "./declared-kind.ts";
import type { DeclaredKind, DeclaredService, MakeHandlers } from "./declared-kind.ts";
import { serveKinds } from "./serve-kinds.ts";

/** A plugin of several kinds, or with settings. Each kind is its handlers, or a function that makes them. */
export interface PluginDefinition<Values> extends PluginIdentity {
  /** Made by `defineSettings`. */
  readonly settings?: Settings<Values>;
  readonly notifier?: MakeHandlers<NotifierHandlers, NoInfer<Values>>;
  readonly auth?: MakeHandlers<AuthHandlers, NoInfer<Values>>;
  readonly kms?: MakeHandlers<KmsHandlers, NoInfer<Values>>;
  readonly ipFilter?: MakeHandlers<IpFilterHandlers, NoInfer<Values>>;
  readonly eventSearcher?: MakeHandlers<EventSearcherHandlers, NoInfer<Values>>;
  /** Asked before files are touched, by Fairlead only; stands beside any kind. */
  readonly gate?: MakeHandlers<GateHandlers, NoInfer<Values>>;
  /**
   * Runs first, before handlers are made; the server waits up to a minute until all are. What it or they throw fails the
   * start.
   */
  start?(settings: NoInfer<Values>, context: StartContext): Awaitable<void>;
  /** Runs when the server ends the plugin, after its last call; two seconds later the process is killed. */
  stop?(): Awaitable<void>;
}

/**
 * Makes this process a plugin of one or several kinds. SFTPGo starts a process for each entry of its configuration, which
 * serves that entry's kind and makes no other's handlers; Fairlead starts one process for all kinds of one executable.
 *
 * Flags and variables that do not fit the settings are one sentence on stderr and exit code 1. Started by a person, it
 * explains what it is and how to configure it.
 */
export function servePlugin<Values = object>(plugin: PluginDefinition<Values>): Promise<never> {
  const [first, ...others] = declareKinds(plugin);
  if (first === undefined) {
    throw new TypeError("a plugin needs a kind: give servePlugin() notifier, auth, kms, ipFilter or eventSearcher");
  }
  const { name, version, settings } = plugin;
  return serveKinds<Values>({
    kinds: [first, ...others],
    services: declareServices(plugin),
    settings,
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    start: (values, context) => plugin.start?.(values, context),
    stop: () => plugin.stop?.(),
  });
}

function declareKinds<Values>({
  notifier,
  auth,
  kms,
  ipFilter,
  eventSearcher,
}: PluginDefinition<Values>): readonly DeclaredKind<Values>[] {
  return [
    ...(notifier === undefined ? [] : [declareKind<NotifierHandlers, Values>(servedNotifier, notifier)]),
    ...(auth === undefined ? [] : [declareKind<AuthHandlers, Values>(servedAuth, auth)]),
    ...(kms === undefined ? [] : [declareKind<KmsHandlers, Values>(servedKms, kms)]),
    ...(ipFilter === undefined ? [] : [declareKind<IpFilterHandlers, Values>(servedIpFilter, ipFilter)]),
    ...(eventSearcher === undefined
      ? []
      : [declareKind<EventSearcherHandlers, Values>(servedEventSearcher, eventSearcher)]),
  ];
}

function declareServices<Values>({
  gate,
}: PluginDefinition<Values>): Readonly<Record<string, DeclaredService<Values>>> {
  return gate === undefined ? {} : { [GATE_SERVICE]: declareService<GateHandlers, Values>(gateKind, gate) };
}

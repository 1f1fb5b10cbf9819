import type { PluginKind } from "@fairlead/go-plugin";
import type { ServedPlugin } from "@fairlead/go-plugin/serve";
import type { CookiePair, ServeContext } from "@fairlead/go-plugin";
import type { ServiceRegistrar } from "@fairlead/grpc";
import type { Awaitable } from "../call-context.ts";
import type { StartContext } from "../plugin-lifecycle.ts";
import type { KindServing, LoadedKind, PluginType } from "./kind-serving.ts";
import type { PluginSelfDescription } from "./run-by-hand.ts";

/** Handlers, or what makes them once the settings are known. */
export type MakeHandlers<Handlers, Values> =
  | Handlers
  | ((settings: Values, context: StartContext) => Awaitable<Handlers>);

/** A kind that a program has handlers for. */
export interface DeclaredKind<Values> {
  readonly type: PluginType;
  readonly handshake: CookiePair;
  load(): Promise<OpenableKind<Values>>;
}

/** A loaded kind whose handlers may still have to be made. */
export interface OpenableKind<Values> {
  readonly served: ServedPlugin;
  /** Makes the handlers; comes before the kind is registered. */
  open(settings: Values, context: StartContext): Promise<void>;
  describe(): PluginSelfDescription;
}

export function declareKind<Handlers extends object, Values>(
  serving: KindServing<Handlers>,
  given: MakeHandlers<Handlers, Values>,
): DeclaredKind<Values> {
  return {
    type: serving.type,
    handshake: serving.handshake,
    load: async () => {
      const loaded = await serving.load();
      return { ...createOpenable(loaded.kind, given), describe: () => describe(loaded, given) };
    },
  };
}

/** What kinds and the services beside them have in common. */
export function createOpenable<Handlers extends object, Values>(
  kind: PluginKind<Handlers, unknown>,
  given: MakeHandlers<Handlers, Values>,
): Omit<OpenableKind<Values>, "describe"> {
  let handlers: Handlers | undefined;
  return {
    served: {
      name: kind.name,
      register: (registrar: ServiceRegistrar, context: ServeContext) => kind.register(registrar, handlers!, context),
      ...(kind.descriptors !== undefined && { descriptors: kind.descriptors }),
    },
    open: async (settings, context) => {
      handlers = typeof given === "function" ? await given(settings, context) : given;
    },
  };
}

function describe<Handlers, Values>(
  loaded: LoadedKind<Handlers>,
  given: MakeHandlers<Handlers, Values>,
): PluginSelfDescription {
  return loaded.describe(typeof given === "function" ? undefined : given);
}

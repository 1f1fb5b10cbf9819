import type { PluginKind } from "@fairlead/go-plugin";
import type { ServedPlugin } from "@fairlead/go-plugin/serve";
import type { Awaitable } from "../call-context.ts";
import type { StartContext } from "../plugin-lifecycle.ts";
import type { PluginSelfDescription } from "./run-by-hand.ts";
import type { ServedKind } from "./served-kind.ts";

/** Handlers, or what makes them once the settings are known. */
export type MakeHandlers<Handlers, Values> =
  | Handlers
  | ((settings: Values, context: StartContext) => Awaitable<Handlers>);

/** A service whose handlers may still have to be made. */
export interface DeclaredService<Values> {
  readonly served: ServedPlugin;
  /** Makes the handlers; comes before the service is registered. */
  open(settings: Values, context: StartContext): Promise<void>;
}

/** A kind that a program has handlers for. */
export interface DeclaredKind<Values> extends DeclaredService<Values>, Pick<ServedKind<never>, "type" | "handshake"> {
  describe(): PluginSelfDescription;
}

export function declareKind<Handlers extends object, Values>(
  served: ServedKind<Handlers>,
  given: MakeHandlers<Handlers, Values>,
): DeclaredKind<Values> {
  return {
    ...declareService(served.kind, given),
    type: served.type,
    handshake: served.handshake,
    describe: () => served.describe(typeof given === "function" ? undefined : given),
  };
}

export function declareService<Handlers extends object, Values>(
  kind: PluginKind<Handlers, unknown>,
  given: MakeHandlers<Handlers, Values>,
): DeclaredService<Values> {
  let handlers: Handlers | undefined;
  return {
    served: {
      name: kind.name,
      register: (registrar, context) => kind.register(registrar, handlers!, context),
      ...(kind.descriptors !== undefined && { descriptors: kind.descriptors }),
    },
    open: async (settings, context) => {
      handlers = typeof given === "function" ? await given(settings, context) : given;
    },
  };
}

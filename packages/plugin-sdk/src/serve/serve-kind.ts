import type { PluginIdentity } from "../plugin-identity.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { declareKind } from "./declared-kind.ts";
import type { ServedKind } from "./served-kind.ts";
import { serveKinds } from "./serve-kinds.ts";

/** Makes this process a plugin of one kind, without settings. */
export function serveKind<Handlers extends object>(
  served: ServedKind<Handlers>,
  plugin: NoInfer<Handlers> & PluginLifecycle & PluginIdentity,
): Promise<never> {
  const { name, version } = plugin;
  return serveKinds<object>({
    kinds: [declareKind<Handlers, object>(served, plugin)],
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    start: (_settings, context) => plugin.start?.(context),
    stop: () => plugin.stop?.(),
  });
}

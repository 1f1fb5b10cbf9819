import type { PluginIdentity } from "../plugin-identity.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { declareKind } from "./declared-kind.ts";
import type { KindServing } from "./kind-serving.ts";
import { serveKinds } from "./serve-kinds.ts";

/** Makes this process a plugin of one kind, without settings. */
export function serveKind<Handlers extends object>(
  serving: KindServing<Handlers>,
  plugin: NoInfer<Handlers> & PluginLifecycle & PluginIdentity,
): Promise<never> {
  const { name, version } = plugin;
  return serveKinds<object>({
    kinds: [declareKind<Handlers, object>(serving, plugin)],
    ...(name !== undefined && { name }),
    ...(version !== undefined && { version }),
    start: (_settings, context) => plugin.start?.(context),
    stop: () => plugin.stop?.(),
  });
}

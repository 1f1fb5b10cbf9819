import type { PluginIdentity } from "../plugin-identity.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { serveKind } from "../serve/serve-kind.ts";
import type { AuthHandlers } from "./auth-handlers.ts";
import { servedAuth } from "./served-auth.ts";

/**
 * Makes this process an auth plugin: a whole plugin is `await serveAuth({ checkPassword(request) { … } })`. The process
 * ends when the server says so. Started by a person, it explains itself and exits with 1.
 */
export function serveAuth(plugin: AuthHandlers & PluginLifecycle & PluginIdentity): Promise<never> {
  return serveKind(servedAuth, plugin);
}

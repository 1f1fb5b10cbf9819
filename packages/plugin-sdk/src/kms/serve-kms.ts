import type { PluginIdentity } from "../plugin-identity.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { serveKind } from "../serve/serve-kind.ts";
import type { KmsHandlers } from "./kms-handlers.ts";
import { servedKms } from "./served-kms.ts";

/**
 * Makes this process a kms plugin: the server's secrets are encrypted and decrypted by it. The process ends when the
 * server says so. Started by a person, it explains itself and exits with 1.
 */
export function serveKms(plugin: KmsHandlers & PluginLifecycle & PluginIdentity): Promise<never> {
  return serveKind(servedKms, plugin);
}

import type { Logger } from "@fairlead/go-plugin";
import type { PluginManager, ReloadReport } from "@fairlead/plugin-host";

import { findChangedSettings } from "./config/changed-settings.ts";
import type { Config } from "./config/load-config.ts";
import { FairleadError } from "./domain/fairlead-error.ts";

export interface ReloadPluginsOptions {
  /** What the server was started with, and runs on with but for its plugins. */
  readonly started: Config;
  /** Reads it again. */
  readonly read: () => Config;
  readonly plugins: PluginManager;
  readonly logger: Logger;
}

/**
 * Reads the configuration again and makes the running plugins those of its `plugins` section; what else has changed takes
 * a restart, as a warning says. Throws what {@link loadConfig} throws, and then nothing has changed.
 */
export async function reloadPlugins({ started, read, plugins, logger }: ReloadPluginsOptions): Promise<ReloadReport> {
  const now = read();
  requireKmsPlugin(started, now, plugins);
  logger.log("info", "configuration read again", { file: now.file ?? "none" });
  for (const warning of now.warnings.filter((one) => !started.warnings.includes(one))) {
    logger.log("warn", "configuration", { file: now.file, warning });
  }
  const ignored = findChangedSettings(started, now);
  if (ignored.length > 0) logger.log("warn", "changed settings take a restart of the server", { ignored });
  return await plugins.reload(now.plugins);
}

/** A server does not start without the provider of its new secrets, so it does not go on without it either. */
function requireKmsPlugin(started: Config, now: Config, plugins: PluginManager): void {
  const { url } = started.kms.secrets;
  if (plugins.kms.schemeFor(url) === undefined) return;
  if (now.plugins.some((one) => one.type === "kms" && url.startsWith(one.kmsOptions.scheme))) return;
  throw new FairleadError(
    "ERR_CONFIG_VALUE",
    `${now.file ?? "configuration"}: plugins has no kms plugin left for kms.secrets.url, which new secrets are encrypted with: put it back, or restart the server with another url`,
    { details: { file: now.file, key: "plugins" } },
  );
}

import { configError, formatKey, valueAt } from "./plugin-config-error.ts";
import type { Place } from "./plugin-config-error.ts";
import type { PluginConfig } from "./plugin-config.ts";

/**
 * Refuses options that would open what a plugin of this type closes, or that protect nothing; tells those without effect.
 *
 * @param entry what the configuration said, with lower-case keys
 */
export function judgeFairleadOptions({ type }: PluginConfig, entry: unknown, place: Place): void {
  const onUnavailable = valueAt(entry, ["fairlead", "on_unavailable"]);
  const path = ["fairlead", "on_unavailable"];
  if (type === "auth" && onUnavailable === "allow") {
    const reason = "a plugin that is down cannot let anybody in";
    throw configError(path, `is "allow": ${reason}; remove the key or write "deny"`, place);
  }
  if (type !== "auth" && type !== "ipfilter" && (onUnavailable === "allow" || onUnavailable === "deny")) {
    throw configError(path, `is "${onUnavailable}": only auth and ipfilter plugins have it; remove the key`, place);
  }
  if (type !== "notifier" && valueAt(entry, ["fairlead", "delivery"]) === "journal") {
    place.section.onWarning(
      `${formatKey(["fairlead", "delivery"], place)} does nothing: only notifier plugins get events`,
    );
  }
}

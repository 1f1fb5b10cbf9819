import { formatPluginLabel } from "../hubs/plugin-route.ts";
import { PluginHostError } from "../plugin-host-error.ts";
import type { Section } from "./plugin-config-error.ts";
import type { KmsOptions, PluginConfig } from "./plugin-config.ts";

/** What no entry is at fault for alone. Several ipfilters are fine: all of them are asked. */
export function checkAcrossEntries(configs: readonly PluginConfig[], section: Section): void {
  refuseSecondSearcher(configs, section);
  refuseDuplicateKms(configs, "scheme", "duplicated scheme", section);
  refuseDuplicateKms(configs, "encryptedStatus", "duplicated encrypted status", section);
  tellOverlappingScopes(configs, section);
}

function refuseSecondSearcher(configs: readonly PluginConfig[], section: Section): void {
  const searchers = configs.flatMap(({ type }, index) => (type === "eventsearcher" ? [index] : []));
  const [first, second] = searchers;
  if (first === undefined || second === undefined) return;
  throw conflict("only one eventsearcher plugin can be defined", [first, second], section);
}

function refuseDuplicateKms(
  configs: readonly PluginConfig[],
  option: keyof KmsOptions,
  problem: string,
  section: Section,
): void {
  const seen = new Map<string, number>();
  for (const [index, config] of configs.entries()) {
    if (config.type !== "kms") continue;
    const value = config.kmsOptions[option];
    const first = seen.get(value);
    if (first !== undefined) {
      throw conflict(`invalid KMS configuration, ${problem} "${value}"`, [first, index], section);
    }
    seen.set(value, index);
  }
}

function conflict(problem: string, indexes: readonly number[], { source }: Section): PluginHostError {
  const entries = indexes.map((index) => `plugins[${index}]`).join(" and ");
  return new PluginHostError("ERR_PLUGIN_CONFIG", `${problem}: ${entries} in ${source}`, {
    details: { source, indexes },
  });
}

const scopeNames = [
  [1, "password"],
  [2, "public key"],
  [4, "keyboard-interactive"],
  [8, "TLS certificate"],
] as const;

// The first one in the list decides alone: no other is asked when it refuses or is down.
function tellOverlappingScopes(configs: readonly PluginConfig[], { onWarning }: Section): void {
  for (const [bit, name] of scopeNames) {
    const [asked, ...others] = configs.flatMap((config, index) =>
      config.type === "auth" && (config.authOptions.scope & bit) !== 0 ? [formatPluginLabel(index, config)] : [],
    );
    for (const other of others) {
      onWarning(`${other} is never asked about ${name} logins: ${asked} comes before it and decides alone`);
    }
  }
}

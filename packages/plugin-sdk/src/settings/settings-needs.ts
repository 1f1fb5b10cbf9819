import type { PluginNeeds } from "../serve/run-by-hand.ts";
import type { Settings } from "./define-settings.ts";
import { formatSettings } from "./format-help.ts";
import { describeType } from "./parse-value.ts";
import { givenFlags } from "./read-settings.ts";
import { nameSettings } from "./setting-names.ts";

/**
 * What a server's configuration must have so that the plugin is started with these arguments, and with what they lack.
 * Secrets are left out: every user of a machine can see the arguments of its processes.
 */
export function describeNeeds(
  settings: Settings<unknown>,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): PluginNeeds {
  const named = nameSettings(settings);
  const given = givenFlags(settings, args);
  const isSecret = (flag: string): boolean =>
    named.some(({ flag: own, setting }) => own === flag && setting.type === "string" && setting.secret === true);
  const flags = [...given].flatMap(([flag, texts]) => (isSecret(flag) ? [] : texts.map((text) => `--${flag}=${text}`)));
  const lacking = named
    .filter(({ setting }) => setting.type !== "boolean" && setting.required === true)
    .filter(
      ({ flag, variables }) =>
        !isSecret(flag) && !given.has(flag) && !variables.some((name) => (env[name] ?? "") !== ""),
    )
    .map(({ flag, setting }) => `--${flag}=<${describeType(setting)}>`);
  const prefix = settings.envPrefix === undefined ? undefined : `${settings.envPrefix}_`;
  return {
    args: [...(settings.command === undefined ? [] : [settings.command]), ...flags, ...lacking],
    envPrefix: prefix,
    variables: named
      .flatMap(({ variables }) => variables)
      .filter((name) => prefix === undefined || !name.startsWith(prefix)),
    settings: formatSettings(settings),
  };
}

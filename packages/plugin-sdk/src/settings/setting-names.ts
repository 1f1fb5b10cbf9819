import type { SettingDeclaration } from "./setting-declarations.ts";
import type { Settings } from "./define-settings.ts";

/** A setting with all the names it goes by. */
export interface NamedSetting {
  readonly name: string;
  readonly setting: SettingDeclaration;
  readonly flag: string;
  readonly variables: readonly string[];
}

/** What is asked for by flags of its own. */
export const HELP_FLAGS: ReadonlySet<string> = new Set(["help", "h"]);
export const VERSION_FLAGS: ReadonlySet<string> = new Set(["version", "v"]);

/** Throws a TypeError for declarations that cannot be told apart. */
export function nameSettings({ declarations, envPrefix }: Settings<unknown>): readonly NamedSetting[] {
  const named = Object.entries(declarations).map(([name, setting]) => ({
    name,
    setting,
    flag: setting.flag ?? splitWords(name).join("-").toLowerCase(),
    variables: findVariables(name, setting, envPrefix),
  }));
  for (const { name, flag } of named) {
    const isTaken =
      HELP_FLAGS.has(flag) ||
      VERSION_FLAGS.has(flag) ||
      named.some((other) => other.flag === flag && other.name !== name);
    if (isTaken) throw new TypeError(`two settings have the flag --${flag}, or it is that of help or version`);
    if (!/^[^-=\s][^=\s]*$/.test(flag))
      throw new TypeError(`the setting ${name} has a flag that cannot be given: ${flag}`);
  }
  return named;
}

function findVariables(name: string, { env }: SettingDeclaration, prefix: string | undefined): readonly string[] {
  if (env !== undefined) return typeof env === "string" ? [env] : env;
  return prefix === undefined ? [] : [[prefix, ...splitWords(name)].join("_").toUpperCase()];
}

/** `usersBaseDir` into its words, `ldapURL` and `start2` too. */
function splitWords(name: string): readonly string[] {
  return name.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-_]/);
}

import type { SettingDeclarations, SettingValues } from "./setting-declarations.ts";

/** What all settings of a plugin have in common. */
export interface SettingsOptions {
  /**
   * What the names of its environment variables begin with, without the last `_`: a server hands a plugin those that
   * begin with the name of its executable, `MY_PLUGIN` for `my-plugin`. Default: none, so only `env` names variables.
   */
  readonly envPrefix?: string;
  /** A word that may stand before the flags, as in `my-plugin serve --url=…`. Default: none. */
  readonly command?: string;
}

declare const values: unique symbol;

/** Declared settings, before anybody has given any. Made by {@link defineSettings}. */
export interface Settings<Values> extends SettingsOptions {
  readonly declarations: SettingDeclarations;
  /** Only for the compiler, which finds the type of the values here. */
  readonly [values]?: Values;
}

/** The values of declared settings, for handlers in a file of their own: `ValuesOf<typeof settings>`. */
export type ValuesOf<Declared extends Settings<unknown>> = Declared extends Settings<infer Values> ? Values : never;

/**
 * Declares what a plugin can be told: by flags (`-url x`, `--url x`, `--url=x`), else by environment variables, else
 * by defaults. Give it to `servePlugin()`, whose handlers get the values.
 */
export function defineSettings<const Declarations extends SettingDeclarations>(
  declarations: Declarations,
  options: SettingsOptions = {},
): Settings<SettingValues<Declarations>> {
  return { ...options, declarations };
}

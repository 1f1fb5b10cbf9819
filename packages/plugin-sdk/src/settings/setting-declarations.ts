import type { Secret } from "./secret.ts";

/** What every setting may say of itself. */
export interface SettingBasics {
  /** One line for `--help`. */
  readonly description: string;
  /** The flag without dashes. Default: the setting's name, `ldapUrl` as `ldap-url`. */
  readonly flag?: string;
  /**
   * Environment variables by their whole names, the first that is not empty wins. Default: the prefix and the setting's
   * name, `ldapUrl` as `<PREFIX>_LDAP_URL`; none without a prefix.
   */
  readonly env?: string | readonly string[];
  /** Also taken from this place among the arguments that are no flags; the first is 1. */
  readonly position?: number;
}

/** What a setting says of itself that is shown in errors and `--help`: it holds no secret. */
export interface OpenSettingBasics extends SettingBasics {
  readonly secret?: never;
}

/** A setting that must be given, or has a default, or may be missing. */
export type SettingPresence<Default> =
  | { readonly required: true; readonly default?: never }
  | { readonly required?: false; readonly default?: Default };

/** A text. A required one is not empty. */
export type StringSetting = SettingBasics & {
  readonly type: "string";
  /** `true`: its value is a {@link Secret}, and shown nowhere. */
  readonly secret?: boolean;
} & SettingPresence<string>;

/** A whole number, in any way Go writes one: `10`, `-1`, `0x10`, `1_000`. */
export type IntegerSetting = OpenSettingBasics & {
  readonly type: "integer";
  readonly min?: number;
  readonly max?: number;
} & SettingPresence<number>;

/** As an integer, of any size. */
export type BigIntSetting = OpenSettingBasics & {
  readonly type: "bigint";
  readonly min?: bigint;
  readonly max?: bigint;
} & SettingPresence<bigint>;

/** `true` or `false`, in any way Go writes one; the flag alone is `true`. False when it is not given. */
export type BooleanSetting = OpenSettingBasics & { readonly type: "boolean"; readonly default?: boolean };

/** A length of time as Go writes one: `1m30s`, `500ms`. Its value is in milliseconds. */
export type DurationSetting = OpenSettingBasics & { readonly type: "duration" } & SettingPresence<string>;

/** Texts between commas; the flag may be repeated. A required one has at least one. Empty when it is not given. */
export type ListSetting = OpenSettingBasics & { readonly type: "list" } & SettingPresence<readonly string[]>;

/** One of a few texts. */
export type ChoiceSetting = OpenSettingBasics & {
  readonly type: "choice";
  readonly choices: readonly string[];
} & SettingPresence<string>;

/** One setting of a plugin. */
export type SettingDeclaration =
  | StringSetting
  | IntegerSetting
  | BigIntSetting
  | BooleanSetting
  | DurationSetting
  | ListSetting
  | ChoiceSetting;

/** Settings by the names their values have in the program, camelCase. */
export type SettingDeclarations = Readonly<Record<string, SettingDeclaration>>;

/** The value of a declared setting that is given or has a default. */
export type GivenSettingValue<Declaration> = Declaration extends { readonly type: "string"; readonly secret: true }
  ? Secret
  : Declaration extends { readonly type: "string" }
    ? string
    : Declaration extends { readonly type: "integer" | "duration" }
      ? number
      : Declaration extends { readonly type: "bigint" }
        ? bigint
        : Declaration extends { readonly type: "boolean" }
          ? boolean
          : Declaration extends { readonly type: "list" }
            ? readonly string[]
            : Declaration extends { readonly type: "choice"; readonly choices: readonly (infer Choice)[] }
              ? Choice
              : never;

/** The values of declared settings; `undefined` for one that is neither given nor required and has no default. */
export type SettingValues<Declarations extends SettingDeclarations> = {
  readonly [Name in keyof Declarations]:
    | GivenSettingValue<Declarations[Name]>
    | (Declarations[Name] extends
        | { readonly required: true }
        | { readonly default: unknown }
        | { readonly type: "boolean" | "list" }
        ? never
        : undefined);
};

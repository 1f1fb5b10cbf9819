import { PluginSdkError } from "../plugin-sdk-error.ts";
import type { Settings } from "./define-settings.ts";
import { parseArguments } from "./parse-arguments.ts";
import { describeType, parseValue } from "./parse-value.ts";
import { HELP_FLAGS, nameSettings, VERSION_FLAGS } from "./setting-names.ts";
import type { NamedSetting } from "./setting-names.ts";

/** Where settings are read from. */
export interface SettingSources {
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What somebody wants who starts a plugin with these arguments. */
export type SettingsRequest = "values" | "help" | "version";

/** Whether the arguments ask for something else than a start. */
export function findRequest(settings: Settings<unknown>, args: readonly string[]): SettingsRequest {
  const own = withoutCommand(settings, args);
  if (own[0] === "help" || own[0] === "h") return "help";
  const parsed = takeApart(nameSettings(settings), own);
  if (typeof parsed === "string") return "values";
  if ([...parsed.flags.keys()].some((flag) => HELP_FLAGS.has(flag))) return "help";
  return [...parsed.flags.keys()].some((flag) => VERSION_FLAGS.has(flag)) ? "version" : "values";
}

/**
 * The values of settings: what flags say, else what the environment says, else defaults. An empty variable is as good as
 * none: SFTPGo passes unset ones that way. Throws `ERR_SETTINGS_INVALID`, with all that is missing.
 */
export function readSettings<Values>(settings: Settings<Values>, { args, env }: SettingSources): Values {
  const named = nameSettings(settings);
  const parsed = takeApart(named, withoutCommand(settings, args));
  if (typeof parsed === "string") throw invalid(parsed);
  const flags = withPositions(named, parsed, settings);
  const values = named.map((setting) => [setting.name, readValue(setting, flags, env)] as const);
  const missing = named.filter((_, index) => values[index]![1] === MISSING);
  if (missing.length > 0) {
    throw invalid(missing.map(formatMissing).join("; "), { missing: missing.map(({ name }) => name) });
  }
  return Object.fromEntries(values) as Values;
}

/** What was given for each flag; nothing when the arguments cannot be read. */
export function givenFlags(
  settings: Settings<unknown>,
  args: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const named = nameSettings(settings);
  const parsed = takeApart(named, withoutCommand(settings, args));
  return typeof parsed === "string" ? new Map() : withPositions(named, parsed, settings);
}

const MISSING = Symbol("missing");

function withoutCommand({ command }: Settings<unknown>, args: readonly string[]): readonly string[] {
  return args[0] !== undefined && args[0] === command ? args.slice(1) : args;
}

function takeApart(named: readonly NamedSetting[], args: readonly string[]): ReturnType<typeof parseArguments> {
  return parseArguments(args, (name) => {
    if (HELP_FLAGS.has(name) || VERSION_FLAGS.has(name)) return "alone";
    const found = named.find(({ flag }) => flag === name);
    if (found === undefined) return undefined;
    return found.setting.type === "boolean" ? "alone" : "with value";
  });
}

/** Arguments that are no flags, as if their setting's flag had been given; the flag wins. */
function withPositions(
  named: readonly NamedSetting[],
  { flags, rest }: Exclude<ReturnType<typeof parseArguments>, string>,
  { command }: Settings<unknown>,
): ReadonlyMap<string, readonly string[]> {
  const all = new Map(flags);
  for (const [index, text] of rest.entries()) {
    const found = named.find(({ setting }) => setting.position === index + 1);
    if (found === undefined) throw invalid(formatUnexpected(named, text, command));
    if (!all.has(found.flag)) all.set(found.flag, [text]);
  }
  return all;
}

function formatUnexpected(named: readonly NamedSetting[], text: string, command: string | undefined): string {
  const isSecret = named.some(({ setting }) => setting.type === "string" && setting.secret === true);
  // What follows a secret with a blank in it looks like an argument too.
  const shown = isSecret ? "an argument" : `the argument ${JSON.stringify(shorten(text))}`;
  const expected =
    command === undefined ? "only flags are" : `only the command ${JSON.stringify(command)} and flags are`;
  return `${shown} is not expected, ${expected}`;
}

function readValue(
  { setting, flag, variables }: NamedSetting,
  flags: ReadonlyMap<string, readonly string[]>,
  env: SettingSources["env"],
): unknown {
  const given = flags.get(flag);
  if (given !== undefined) return parseGiven(setting, `--${flag}`, given);
  for (const variable of variables) {
    const text = Object.hasOwn(env, variable) ? (env[variable] ?? "") : "";
    if (text !== "") return parseGiven(setting, variable, [text]);
  }
  if (setting.type === "boolean") return setting.default ?? false;
  if (setting.required === true) return MISSING;
  if (setting.default === undefined) return setting.type === "list" ? [] : undefined;
  return parseDefault(setting, flag);
}

function parseGiven(setting: NamedSetting["setting"], source: string, texts: readonly string[]): unknown {
  const parsed = parseValue(setting, texts);
  if ("value" in parsed) return parsed.value;
  const text = texts.at(-1) ?? "";
  // A flag without its value takes the next one, which may be that of a secret.
  const shown = /^--?[^-\d.]/.test(text) ? "followed by a flag" : JSON.stringify(shorten(text));
  throw invalid(`${source} is ${shown}, expected ${parsed.expected}`);
}

/** Read like a given one: it must be what could be given. */
function parseDefault(setting: NamedSetting["setting"], flag: string): unknown {
  if (setting.type === "list") return setting.default;
  const parsed = parseValue(setting, [String(setting.default)]);
  if ("value" in parsed) return parsed.value;
  throw new TypeError(`the default of --${flag} is not ${parsed.expected}`);
}

function formatMissing({ setting, flag, variables }: NamedSetting): string {
  const sources = [`--${flag}`, ...variables].join(" or ");
  return `${sources} is required: ${setting.description} (${describeType(setting)})`;
}

const MAX_SHOWN_CHARACTERS = 100;

function shorten(text: string): string {
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}\u2026` : text;
}

function invalid(problem: string, details: { readonly missing?: readonly string[] } = {}): PluginSdkError {
  const error = new PluginSdkError("ERR_SETTINGS_INVALID", problem, { details });
  // It is the mistake of who started the plugin: there is nothing to trace in the program.
  Object.defineProperty(error, "stack", { value: problem, configurable: true, writable: true });
  return error;
}

import type { Settings } from "./define-settings.ts";
import { describeType } from "./parse-value.ts";
import { nameSettings } from "./setting-names.ts";
import type { NamedSetting } from "./setting-names.ts";

const WIDTH = 100;
const INDENT = 6;

/** What `--help` prints. */
export function formatHelp(
  settings: Settings<unknown>,
  { name, version }: { readonly name: string; readonly version: string },
): string {
  const command = settings.command === undefined ? "" : ` ${settings.command}`;
  const named = nameSettings(settings);
  const places = named
    .filter(({ setting }) => setting.position !== undefined)
    .toSorted((a, b) => a.setting.position! - b.setting.position!)
    .map(({ flag }) => ` [${flag}]`);
  return [
    `${name}${version === "" ? "" : ` ${version}`}, a plugin for SFTPGo and Fairlead. The server starts it; run without arguments, it\nprints the configuration for that.\n\n`,
    `Usage: ${name}${command} [settings]${places.join("")}\n\n`,
    formatSettings(settings),
    "  --help, -h\n      shows this\n  --version, -v\n      shows its version\n",
  ].join("");
}

/** The settings, two lines and more each. */
export function formatSettings(settings: Settings<unknown>): string {
  return nameSettings(settings).map(formatSetting).join("");
}

function formatSetting({ setting, flag, variables }: NamedSetting): string {
  const type = setting.type === "boolean" ? "" : ` <${describeType(setting)}>`;
  const facts = [
    setting.description,
    ...(setting.type !== "boolean" && setting.required === true ? ["required"] : []),
    ...formatDefault(setting),
    ...(setting.type === "string" && setting.secret === true && variables.length > 0 ? ["a secret, not for args"] : []),
    ...(variables.length === 0 ? [] : [`environment: ${variables.join(", ")}`]),
  ];
  return `  --${flag}${type}\n${wrap(facts.join("; "))}`;
}

function formatDefault(setting: NamedSetting["setting"]): readonly string[] {
  if (setting.default === undefined || setting.default === "" || setting.default === false) return [];
  if (setting.type === "string" && setting.secret === true) return [];
  const text = typeof setting.default === "object" ? setting.default.join(",") : String(setting.default);
  return text === "" ? [] : [`default: ${text}`];
}

function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && INDENT + last.length + 1 + word.length <= WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `${" ".repeat(INDENT)}${line}\n`).join("");
}

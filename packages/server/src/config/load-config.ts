import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";

import {
  applyPluginEnvironment,
  findUnknownPluginVariables,
  parsePluginConfigs,
  type PluginConfig,
} from "@fairlead/plugin-host";
import type * as z from "zod";

import { FairleadError } from "../domain/fairlead-error.ts";
import { findConfigFile, type FoundConfigFile, readConfigFile, requireConfigDir } from "./config-file.ts";
import { SECTION_SCHEMAS, type SectionName, type Sections } from "./config-schema.ts";
import { type Env, withEnvFiles } from "./env-files.ts";
import { applyEnvironment } from "./environment.ts";
import { foldKeys, valueAt } from "./raw-config.ts";
import { findMisspeltPlugins } from "./known-keys.ts";
import { chooseAlgorithms, type SshAlgorithms } from "./ssh-algorithms.ts";
import { findUnknown } from "./unknown-keys.ts";
import { findUnsupported } from "./unsupported-keys.ts";

/** Everything the server is told from outside, checked. */
export interface Config {
  /** Absolute. Relative paths in the file are relative to it. */
  readonly configDir: string;
  /** The file that was read; `undefined` when there is none. */
  readonly file: string | undefined;
  /** Absolute. Database and generated host keys. */
  readonly dataDir: string;
  readonly common: Sections["common"];
  readonly sftpd: Sections["sftpd"];
  readonly dataProvider: Sections["data_provider"];
  readonly kms: Sections["kms"];
  readonly mfa: Sections["mfa"];
  readonly httpd: Sections["httpd"];
  readonly telemetry: Sections["telemetry"];
  readonly fairlead: Sections["fairlead"];
  readonly algorithms: SshAlgorithms;
  readonly plugins: readonly PluginConfig[];
  /** The process environment and what `env.d` added; plugins get their part of it. */
  readonly env: Env;
  /** What was asked for and is not there; one sentence each, without secrets. */
  readonly warnings: readonly string[];
}

/** Where configuration is looked for. */
export interface LoadConfigOptions {
  /**
   * Folder searched for the file and for `env.d`; one that is named must exist. Default `SFTPGO_CONFIG_DIR`, then the current folder and,
   * for the file, `~/.config/sftpgo`, `/etc/sftpgo` and `/usr/local/etc/sftpgo`.
   */
  readonly configDir?: string;
  /** One file, absolute or relative to `configDir`. Default `SFTPGO_CONFIG_FILE`, then the search. */
  readonly configFile?: string;
  /** Default `process.env`. */
  readonly env?: Env;
}

/**
 * Reads `env.d`, then the file over the defaults, then the environment over both, as SFTPGo does.
 * Throws `ERR_CONFIG_FILE` for a folder that does not exist and a file that cannot be read and `ERR_CONFIG_VALUE` for a value that
 * cannot be used, naming file or variable, key and value; `PluginHostError` for the `plugins` section.
 */
export function loadConfig(options: LoadConfigOptions = {}): Config {
  const processEnv = options.env ?? process.env;
  const namedDir = (options.configDir ?? processEnv["SFTPGO_CONFIG_DIR"]) || undefined;
  const configDir = resolve(namedDir ?? ".");
  requireConfigDir(configDir);
  const { env, skipped } = withEnvFiles(configDir, processEnv);
  const namedFile = options.configFile ?? env["SFTPGO_CONFIG_FILE"];
  const found = searchConfigFile(configDir, namedFile, namedDir !== undefined);
  const file = found?.path;
  const content = file === undefined ? {} : readConfigFile(file).content;
  const { raw, origins } = applyEnvironment(foldKeys(content, new Set(["plugins"])), env);
  const source: Source = { file, origins };
  refuseUnsupported(raw, source);
  refuseMisspeltPlugins(raw, source);
  const sections = parseSections(raw, source);
  const { algorithms, warnings: algorithmWarnings } = parseAlgorithms(sections.sftpd, source);
  const plugins = readPlugins(valueAt(raw, ["plugins"]), env, { file, configDir, fairlead: sections.fairlead });
  return {
    configDir,
    file,
    dataDir: sections.fairlead.data_dir === "" ? configDir : resolve(configDir, sections.fairlead.data_dir),
    common: sections.common,
    sftpd: sections.sftpd,
    dataProvider: withBaseDir(sections.data_provider, configDir),
    kms: sections.kms,
    mfa: sections.mfa,
    httpd: sections.httpd,
    telemetry: sections.telemetry,
    fairlead: sections.fairlead,
    algorithms,
    plugins: plugins.configs,
    env,
    warnings: [
      ...(found?.passedOver ?? []).map((other) => `${other} is not read, ${found?.path} comes before it`),
      ...skipped.map((one) => `environment file ${one.file} is left out: ${one.reason}`),
      ...algorithmWarnings,
      ...findUnsupported(raw, "warn").map((one) => `${one.path} is set and not implemented, it is ignored`),
      ...findUnknown(raw, env),
      ...plugins.warnings,
    ],
  };
}

interface PluginSurroundings {
  readonly file: string | undefined;
  readonly configDir: string;
  readonly fairlead: Sections["fairlead"];
}

const MS_PER_SECOND = 1000;

function readPlugins(
  raw: unknown,
  env: Env,
  { file, configDir, fairlead }: PluginSurroundings,
): { readonly configs: readonly PluginConfig[]; readonly warnings: readonly string[] } {
  const unknown = findUnknownPluginVariables(env);
  const { plugins, origins, warnings } = applyPluginEnvironment(raw, env);
  const found: string[] = [];
  const configs = parsePluginConfigs(plugins, {
    source: file ?? "the environment",
    origins,
    folder: file === undefined ? resolve(configDir) : dirname(resolve(file)),
    delivery: fairlead.delivery,
    startTimeoutMs: fairlead.plugin_start_timeout * MS_PER_SECOND,
    onWarning: (warning) => found.push(warning),
  });
  return { configs, warnings: [...unknown, ...warnings, ...found] };
}

interface Source {
  readonly file: string | undefined;
  /** Dotted path → the variable it came from. */
  readonly origins: ReadonlyMap<string, string>;
}

/** A folder that was named is the only one searched; else SFTPGo's system places follow the current folder. */
function searchConfigFile(
  configDir: string,
  named: string | undefined,
  isFolderNamed: boolean,
): FoundConfigFile | undefined {
  const places = [configDir, ...(isFolderNamed || named !== undefined ? [] : systemPlaces())];
  for (const place of places) {
    const found = findConfigFile(place, named);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

function systemPlaces(): readonly string[] {
  return [join(homedir(), ".config", "sftpgo"), "/etc/sftpgo", "/usr/local/etc/sftpgo"];
}

function refuseUnsupported(raw: unknown, source: Source): void {
  const [use] = findUnsupported(raw, "refuse");
  if (use !== undefined) {
    throw badValue(
      source,
      use.path.split("."),
      use.value,
      "this setting is not implemented and cannot be ignored safely; remove it",
    );
  }
}

function parseSections(raw: unknown, source: Source): Sections {
  const parse = <Name extends SectionName>(name: Name): z.output<(typeof SECTION_SCHEMAS)[Name]> => {
    const schema: z.ZodType = SECTION_SCHEMAS[name];
    const section = valueAt(raw, [name]) ?? {};
    const result = schema.safeParse(section);
    if (result.success) {
      return result.data as z.output<(typeof SECTION_SCHEMAS)[Name]>;
    }
    const [issue] = result.error.issues;
    const path = [name, ...(issue?.path ?? []).map(String)];
    throw badValue(source, path, valueAt(raw, path), issue?.message ?? "it is not valid");
  };
  return {
    common: parse("common"),
    sftpd: parse("sftpd"),
    data_provider: parse("data_provider"),
    kms: parse("kms"),
    mfa: parse("mfa"),
    httpd: parse("httpd"),
    telemetry: parse("telemetry"),
    fairlead: parse("fairlead"),
  };
}

const ALGORITHM_KEYS = {
  kex: "kex_algorithms",
  ciphers: "ciphers",
  macs: "macs",
  hostKeys: "host_key_algorithms",
  publicKeys: "public_key_algorithms",
} as const satisfies Readonly<Record<keyof SshAlgorithms, keyof Sections["sftpd"]>>;

function parseAlgorithms(
  sftpd: Sections["sftpd"],
  source: Source,
): { readonly algorithms: SshAlgorithms; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const choose = (kind: keyof SshAlgorithms): readonly string[] => {
    const key = ALGORITHM_KEYS[kind];
    const { chosen, unsupported } = chooseAlgorithms(kind, sftpd[key]);
    if (chosen.length === 0) {
      throw badValue(source, ["sftpd", key], sftpd[key], "none of these algorithms is supported");
    }
    if (unsupported.length > 0) {
      warnings.push(`sftpd.${key}: not supported and left out: ${unsupported.join(", ")}`);
    }
    return chosen;
  };
  const algorithms = {
    kex: choose("kex"),
    ciphers: choose("ciphers"),
    macs: choose("macs"),
    hostKeys: choose("hostKeys"),
    publicKeys: choose("publicKeys"),
  };
  return { algorithms, warnings };
}

function withBaseDir(provider: Sections["data_provider"], configDir: string): Sections["data_provider"] {
  const base = provider.users_base_dir;
  return base === "" || isAbsolute(base) ? provider : { ...provider, users_base_dir: resolve(configDir, base) };
}

function refuseMisspeltPlugins(raw: unknown, source: Source): void {
  const name = findMisspeltPlugins(raw);
  if (name !== undefined) {
    const problem = 'there is no such section, did you mean "plugins"? Without it no plugin decides about anything';
    throw badValue(source, [name], valueAt(raw, [name]), problem);
  }
}

/** Keys whose value is not for anybody's eyes. */
const SECRET = /password$|passphrase$|secret|master_key|connection_string/;

function badValue(source: Source, path: readonly string[], value: unknown, problem: string): FairleadError {
  const key = path.join(".");
  const variable = source.origins.get(key);
  const place = variable === undefined ? `${source.file ?? "configuration"}: ${key}` : `${variable} (${key})`;
  const shown = SECRET.test(key) ? "[redacted]" : showValue(path, value);
  return new FairleadError("ERR_CONFIG_VALUE", `${place} = ${shown}: ${problem}`, {
    details: { file: source.file, variable, key },
  });
}

/** What may hold keys of any name, secrets among them, is only named; so is what stands for a whole section. */
function showValue(path: readonly string[], value: unknown): string {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (path.length === 1 || items.some((item) => typeof item === "object" && item !== null)) {
    return Array.isArray(value)
      ? "a list"
      : value === null
        ? "null"
        : typeof value === "object"
          ? "an object"
          : "a value";
  }
  return (JSON.stringify(value) ?? "nothing").slice(0, 200);
}

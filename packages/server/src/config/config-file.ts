import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, isAbsolute, join } from "node:path";

import { parse as parseToml, TomlError } from "smol-toml";
import { parse as parseYaml, YAMLParseError } from "yaml";

import { FairleadError } from "../domain/fairlead-error.ts";
import { isJsonDocument, type JsonDocument } from "../domain/json-document.ts";
import { jsonErrorOffset } from "./json-error-offset.ts";

const MAX_FILE_CHARACTERS = 4 * 1024 * 1024;
const NAMES = ["fairlead", "sftpgo"];
const EXTENSIONS = [".json", ".yaml", ".yml", ".toml"];

export interface ConfigFile {
  readonly path: string;
  readonly content: JsonDocument;
}

/** Throws `ERR_CONFIG_FILE` for a folder that was named and is not there: a slip would start a server without users. */
export function requireConfigDir(configDir: string): void {
  const stats = statSync(configDir, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) {
    const problem = stats === undefined ? "does not exist" : "is not a folder";
    throw new FairleadError("ERR_CONFIG_FILE", `configuration folder ${configDir} ${problem}`, {
      details: { configDir },
    });
  }
}

export interface FoundConfigFile {
  readonly path: string;
  /** Files beside it that would have been read if it were not there. */
  readonly passedOver: readonly string[];
}

/**
 * The file to read: the one named, or the first of `fairlead.*` and `sftpgo.*` in the folder.
 * `undefined` when there is none, which means defaults. Throws `ERR_CONFIG_FILE` when a named file
 * does not exist: running with defaults instead could open what the file closes.
 */
export function findConfigFile(configDir: string, named: string | undefined): FoundConfigFile | undefined {
  if (named !== undefined && named !== "") {
    const path = isAbsolute(named) ? named : join(configDir, named);
    if (!existsSync(path)) {
      throw new FairleadError("ERR_CONFIG_FILE", `configuration file ${path} does not exist`, {
        details: { file: path },
      });
    }
    return { path, passedOver: [] };
  }
  const candidates = NAMES.flatMap((name) => EXTENSIONS.map((extension) => join(configDir, name + extension)));
  const [path, ...passedOver] = candidates.filter((candidate) => existsSync(candidate));
  return path === undefined ? undefined : { path, passedOver };
}

/** Reads JSON, YAML or TOML by extension. Throws `ERR_CONFIG_FILE` with file and line. */
export function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw fileError(path, undefined, messageOf(cause), cause);
  }
  return { path, content: parseConfigText(path, text) };
}

/** As {@link readConfigFile}, on text. An empty YAML or TOML file is a file without settings. */
function parseConfigText(path: string, text: string): JsonDocument {
  if (text.length > MAX_FILE_CHARACTERS) {
    throw fileError(path, undefined, `it is larger than ${MAX_FILE_CHARACTERS} characters`);
  }
  const extension = extname(path).toLowerCase();
  const parse = PARSERS[extension];
  if (parse === undefined) {
    throw fileError(path, undefined, `unknown extension "${extension}", use .json, .yaml, .yml or .toml`);
  }
  const value = parse(path, text.replace(/^\uFEFF/, "")) ?? {};
  if (!isJsonDocument(value)) {
    throw fileError(path, 1, "the top level must be an object of sections");
  }
  return value;
}

type Parser = (path: string, text: string) => unknown;

const PARSERS: Readonly<Record<string, Parser>> = {
  ".json": (path, text) => {
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      const line = text.slice(0, jsonErrorOffset(text)).split("\n").length;
      throw fileError(path, line, messageOf(cause).replace(/ in JSON at position.*$/s, ""), cause);
    }
  },
  ".yaml": parseYamlText,
  ".yml": parseYamlText,
  ".toml": (path, text) => {
    try {
      return parseToml(text);
    } catch (cause) {
      const line = cause instanceof TomlError ? cause.line : undefined;
      throw fileError(path, line, firstLine(messageOf(cause)), cause);
    }
  },
};

function parseYamlText(path: string, text: string): unknown {
  try {
    return parseYaml(text) as unknown;
  } catch (cause) {
    const line = cause instanceof YAMLParseError ? cause.linePos?.[0].line : undefined;
    throw fileError(path, line, firstLine(messageOf(cause)).replace(/ at line \d+.*$/, ""), cause);
  }
}

function fileError(path: string, line: number | undefined, what: string, cause?: unknown): FairleadError {
  const place = line === undefined ? path : `${path}, line ${line}`;
  return new FairleadError("ERR_CONFIG_FILE", `cannot read the configuration file ${place}: ${what}`, {
    details: { file: path, line },
    ...(cause === undefined ? {} : { cause }),
  });
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

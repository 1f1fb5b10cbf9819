import * as z from "zod";

import type { Env } from "./env-files.ts";
import { DEFAULT_TOTP_CONFIGS, SECTION_SCHEMAS } from "./config-schema.ts";
import { valueAt, withValueAt } from "./raw-config.ts";
import { UNSUPPORTED_KEYS, UNSUPPORTED_SERVERS } from "./unsupported-keys.ts";

const BINDING_KEYS = ["port", "address"];
const HTTP_BINDING_KEYS = [
  ...BINDING_KEYS,
  "enable_rest_api",
  "enable_https",
  "certificate_file",
  "certificate_key_file",
  "min_tls_version",
  "client_auth_type",
];
const TOTP_KEYS = ["name", "issuer", "algo"];
/** SFTPGo looks at indexes 0 to 9 only. */
const MAX_INDEX = 9;

/**
 * Lays `SFTPGO_<SECTION>__<KEY>` over the file's values: for every key that means something here, and
 * for those whose absence here must be said. Empty variables count as unset, as in SFTPGo.
 */
export function applyEnvironment(
  raw: unknown,
  env: Env,
): { readonly raw: unknown; readonly origins: ReadonlyMap<string, string> } {
  const origins = new Map<string, string>();
  const positions = new Map<string, string>();
  let result = raw;
  for (const path of environmentPaths()) {
    const name = variableName(path);
    const value = env[name];
    if (value === undefined || value === "") {
      continue;
    }
    result = withList(result, path);
    const place = actualPath(result, path, positions);
    result = withValueAt(result, place, value);
    origins.set(place.join("."), name);
  }
  return { raw: result, origins };
}

/** `sftpd.bindings.0.port` → `SFTPGO_SFTPD__BINDINGS__0__PORT`. */
function variableName(path: readonly string[]): string {
  return `SFTPGO_${path.map((step) => step.toUpperCase()).join("__")}`;
}

function environmentPaths(): readonly (readonly string[])[] {
  const implemented = Object.entries(SECTION_SCHEMAS).flatMap(([section, schema]) =>
    leafPaths(schema).map((path) => [section, ...path]),
  );
  const bindings = ["sftpd", ...UNSUPPORTED_SERVERS].flatMap((section) =>
    indexes().flatMap((index) => BINDING_KEYS.map((key) => [section, "bindings", index, key])),
  );
  const httpBindings = indexes().flatMap((index) => HTTP_BINDING_KEYS.map((key) => ["httpd", "bindings", index, key]));
  const totp = indexes().flatMap((index) => TOTP_KEYS.map((key) => ["mfa", "totp", index, key]));
  const limiters = indexes().map((index) => ["common", "rate_limiters", index, "average"]);
  const unsupported = UNSUPPORTED_KEYS.map((key) => key.path.split("."));
  return [...implemented, ...bindings, ...httpBindings, ...totp, ...limiters, ...unsupported];
}

function indexes(): readonly string[] {
  return Array.from({ length: MAX_INDEX + 1 }, (_, index) => String(index));
}

/** Paths of a section's scalar and text-list keys; lists of objects have readers of their own. */
function leafPaths(section: z.ZodObject): readonly (readonly string[])[] {
  return Object.entries(section.shape)
    .filter(([key]) => !LISTS.has(key))
    .flatMap(([key, schema]) => {
      const inner: unknown = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
      return inner instanceof z.ZodObject ? leafPaths(inner).map((path) => [key, ...path]) : [[key]];
    });
}

/** Lists whose entries are objects. */
const LISTS: ReadonlySet<string> = new Set(["bindings", "rate_limiters", "totp"]);

/** What these lists hold by default, for variables to lay over. */
const DEFAULT_LISTS: Readonly<Record<string, readonly unknown[]>> = {
  "sftpd.bindings": [{}],
  "mfa.totp": DEFAULT_TOTP_CONFIGS,
};

/** A copy in which the list exists that the path leads into. */
function withList(raw: unknown, [section = "", key = "", ...rest]: readonly string[]): unknown {
  if (!LISTS.has(key) || rest.length === 0 || Array.isArray(valueAt(raw, [section, key]))) {
    return raw;
  }
  return withValueAt(raw, [section, key], DEFAULT_LISTS[`${section}.${key}`] ?? []);
}

/** Where an indexed value ends up: beyond the end of the list it is appended, once for all keys of an index. */
function actualPath(raw: unknown, path: readonly string[], positions: Map<string, string>): readonly string[] {
  const [section = "", key = "", index = "", ...rest] = path;
  const list = valueAt(raw, [section, key]);
  if (!LISTS.has(key) || index === "" || !Array.isArray(list)) {
    return path;
  }
  const entry = `${section}.${key}.${index}`;
  const position = positions.get(entry) ?? String(Math.min(Number(index), list.length));
  positions.set(entry, position);
  return [section, key, position, ...rest];
}

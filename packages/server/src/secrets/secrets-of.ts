import { FairleadError } from "../domain/fairlead-error.ts";
import { isJsonDocument, type JsonDocument } from "../domain/json-document.ts";
import { parseSecret, PLAIN, type Secret } from "./secret.ts";

/** A secret in a document, and where it stands. */
export interface PlacedSecret {
  readonly path: readonly (number | string)[];
  /** The path as text: `filesystem.s3config.access_secret`. */
  readonly field: string;
  readonly secret: Secret;
}

/** SFTPGo's `filesystem.provider` → its block of settings and the secrets in there. */
export const FILESYSTEM_SECRETS: readonly (readonly [provider: number, block: string, names: readonly string[]])[] = [
  [1, "s3config", ["access_secret", "sse_customer_key"]],
  [2, "gcsconfig", ["credentials"]],
  [3, "azblobconfig", ["account_key", "sas_url"]],
  [4, "cryptconfig", ["passphrase"]],
  [5, "sftpconfig", ["password", "private_key", "key_passphrase"]],
  [6, "httpconfig", ["password", "api_key"]],
];

/** Deeper than any user document of SFTPGo. */
const MAX_DEPTH = 32;

/**
 * Every secret of a user's document that is not empty: the known ones, and whatever has the status `Plain` elsewhere,
 * so that a secret of a newer SFTPGo is not stored as it is. Throws `ERR_INVALID_USER` where a known one is none.
 */
export function secretsOf(document: JsonDocument): readonly PlacedSecret[] {
  const known = knownPaths(document).flatMap((path) => placed(document, path));
  const fields = new Set(known.map(({ field }) => field));
  const others = plainPaths(document, []).flatMap((path) => placed(document, path));
  return [...known, ...others.filter(({ field }) => !fields.has(field))];
}

/** A copy of the document with another value at `path`, which leads to something that is there. */
export function withValue(document: unknown, path: readonly (number | string)[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) {
    return value;
  }
  if (Array.isArray(document)) {
    return document.map((item: unknown, index) => (index === step ? withValue(item, rest, value) : item));
  }
  const object = isJsonDocument(document) ? document : {};
  return Object.fromEntries(
    Object.entries(object).map(([key, item]) => [key, key === step ? withValue(item, rest, value) : item]),
  );
}

export function valueAt(document: unknown, path: readonly (number | string)[]): unknown {
  let current = document;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) {
      return undefined;
    }
    current = (current as Readonly<Record<number | string, unknown>>)[step];
  }
  return current;
}

function knownPaths(document: JsonDocument): readonly (readonly (number | string)[])[] {
  const codes = valueAt(document, ["filters", "recovery_codes"]);
  return [
    ...FILESYSTEM_SECRETS.flatMap(([, block, names]) => names.map((name) => ["filesystem", block, name])),
    ["filters", "totp_config", "secret"],
    ...(Array.isArray(codes) ? codes.map((_, index) => ["filters", "recovery_codes", index, "secret"]) : []),
  ];
}

function placed(document: JsonDocument, path: readonly (number | string)[]): readonly PlacedSecret[] {
  const field = path.join(".").replaceAll(/\.(\d+)/g, "[$1]");
  const secret = parseSecret(valueAt(document, path), field);
  return secret === undefined ? [] : [{ path, field, secret }];
}

function plainPaths(value: unknown, path: readonly (number | string)[]): readonly (readonly (number | string)[])[] {
  if (typeof value !== "object" || value === null) {
    return [];
  }
  if (path.length > MAX_DEPTH) {
    throw new FairleadError("ERR_INVALID_USER", `the user document is nested deeper than ${MAX_DEPTH} levels`);
  }
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => plainPaths(item, [...path, index]));
  }
  const isPlain = Object.hasOwn(value, "status") && Object.hasOwn(value, "payload");
  return isPlain && (value as JsonDocument)["status"] === PLAIN
    ? [path]
    : Object.entries(value).flatMap(([key, item]: [string, unknown]) => plainPaths(item, [...path, key]));
}

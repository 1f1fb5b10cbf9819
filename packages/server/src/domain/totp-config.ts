import { FairleadError } from "./fairlead-error.ts";
import { isJsonDocument, type JsonDocument } from "./json-document.ts";
import type { User } from "./user.ts";

/** A user's time-based codes: `filters.totp_config` where it is enabled. */
export interface TotpConfig {
  /** Which entry of `mfa.totp` made it. */
  readonly configName: string;
  /** Where codes are asked for: `SSH`, `FTP`, `HTTP`. */
  readonly protocols: readonly string[];
  /** The secret's JSON. */
  readonly secret: unknown;
}

const PROTOCOLS: ReadonlySet<unknown> = new Set(["SSH", "FTP", "HTTP"]);

/** `undefined` where it is absent or switched off. What is not of its type is as if it were not there. */
export function totpConfigOf(user: User): TotpConfig | undefined {
  if (!user.filters.totpEnabled) {
    return undefined;
  }
  const config = objectAt(objectAt(user.document, "filters"), "totp_config");
  const { config_name: name, protocols, secret } = config;
  return {
    configName: typeof name === "string" ? name : "",
    protocols: Array.isArray(protocols) ? protocols.filter((one) => typeof one === "string") : [],
    secret,
  };
}

/** What SFTPGo checks when it saves a user. Throws `ERR_INVALID_USER`. `known` are the names in `mfa.totp`. */
export function checkTotpConfig(user: User, known: readonly string[]): void {
  const config = totpConfigOf(user);
  if (config === undefined) {
    return;
  }
  const { configName, protocols, secret } = config;
  if (!known.includes(configName)) {
    const problem = configName === "" ? "is mandatory" : `${JSON.stringify(configName)} is no name in mfa.totp`;
    reject("config_name", problem);
  }
  if (!isJsonDocument(secret) || (secret["status"] ?? "") === "") {
    reject("secret", "is mandatory");
  }
  const odd = protocols.find((protocol) => !PROTOCOLS.has(protocol));
  if (protocols.length === 0 || odd !== undefined) {
    reject("protocols", "needs at least one of SSH, FTP and HTTP, and no other");
  }
}

function objectAt(document: JsonDocument, key: string): JsonDocument {
  const value = Object.hasOwn(document, key) ? document[key] : undefined;
  return isJsonDocument(value) ? value : {};
}

function reject(key: string, problem: string): never {
  const field = `filters.totp_config.${key}`;
  throw new FairleadError("ERR_INVALID_USER", `${field} ${problem}`, { details: { field } });
}

import { FairleadError } from "../domain/fairlead-error.ts";
import { isJsonDocument, type JsonDocument } from "../domain/json-document.ts";

/** A secret as SFTPGo stores it in its JSON. Every field is left out of the JSON when it is empty. */
export interface Secret {
  /**
   * Who can read it: `Secretbox` and `AES-256-GCM` are built in, `AWS`, `GCP`, `VaultTransit`, … belong to plugins,
   * `Plain` is text still to be encrypted, `Redacted` stands for what is stored already.
   */
  readonly status: string;
  readonly payload: string;
  /** What the key is derived with; not the key itself. */
  readonly key: string;
  /** Bound to the payload: the username for a user's secrets. */
  readonly additionalData: string;
  /** 1: the master key was used. */
  readonly mode: number;
}

export const PLAIN = "Plain";
export const REDACTED = "Redacted";

/** Longest payload read or written. A cloud's credentials are a few KB. */
export const MAX_PAYLOAD_CHARACTERS = 256 * 1024;
const MAX_OTHER_CHARACTERS = 4096;
const MAX_INT32 = 2_147_483_647;

/**
 * Reads a secret's JSON; `undefined` for an empty one, as SFTPGo writes where there is no secret. `field` is for the
 * message of the `ERR_INVALID_USER` thrown for what is no secret.
 */
export function parseSecret(value: unknown, field: string): Secret | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (!isJsonDocument(value)) {
    throw invalid(field, "must be an object with status and payload");
  }
  const secret: Secret = {
    status: readText(value, "status", field, MAX_OTHER_CHARACTERS),
    payload: readText(value, "payload", field, MAX_PAYLOAD_CHARACTERS),
    key: readText(value, "key", field, MAX_OTHER_CHARACTERS),
    additionalData: readText(value, "additional_data", field, MAX_OTHER_CHARACTERS),
    mode: readMode(value, field),
  };
  if (secret.status !== "") {
    return secret;
  }
  if (secret.payload !== "") {
    throw invalid(field, 'has a payload and no status; a text to encrypt has the status "Plain"');
  }
  return undefined;
}

/** The secret's JSON, fields in SFTPGo's order, empty ones left out. */
export function formatSecret(secret: Secret): JsonDocument {
  return {
    status: secret.status,
    ...(secret.payload === "" ? {} : { payload: secret.payload }),
    ...(secret.key === "" ? {} : { key: secret.key }),
    ...(secret.additionalData === "" ? {} : { additional_data: secret.additionalData }),
    ...(secret.mode === 0 ? {} : { mode: secret.mode }),
  };
}

function readText(value: JsonDocument, key: string, field: string, maxCharacters: number): string {
  const found = (Object.hasOwn(value, key) ? value[key] : undefined) ?? "";
  // The value itself is never quoted: it may be the secret.
  if (typeof found !== "string") {
    throw invalid(`${field}.${key}`, "must be a string");
  }
  if (found.length > maxCharacters) {
    throw invalid(`${field}.${key}`, `has ${found.length} characters, at most ${maxCharacters} are accepted`);
  }
  return found;
}

function readMode(value: JsonDocument, field: string): number {
  const mode = (Object.hasOwn(value, "mode") ? value["mode"] : undefined) ?? 0;
  if (!Number.isInteger(mode) || Math.abs(Number(mode)) > MAX_INT32) {
    throw invalid(`${field}.mode`, "must be an integer");
  }
  return Number(mode);
}

function invalid(field: string, problem: string): FairleadError {
  return new FairleadError("ERR_INVALID_USER", `user field "${field}" ${problem}`, { details: { field } });
}

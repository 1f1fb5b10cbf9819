import { FairleadError } from "./fairlead-error.ts";
import { isJsonDocument, type JsonDocument } from "./json-document.ts";

/** The permission of SFTPGo's that means something here; the others are stored and grant nothing. */
export const VIEW_EVENTS = "view_events";
const EVERYTHING = "*";

/** An administrator: the fields of SFTPGo's admin JSON that are used, and the whole document beside them. */
export interface Admin {
  /** Row id in the store; 0 while not stored. */
  readonly id: number;
  readonly username: string;
  /** 1 enabled, 0 disabled. */
  readonly status: 0 | 1;
  readonly permissions: readonly string[];
  /** Not empty: sees what belongs to this role and nothing else. */
  readonly role: string;
  /** CIDR ranges; not empty = only from these. */
  readonly allowedIp: readonly string[];
  /** The `password` field: a hash in a stored admin, possibly plain text in one to be saved. */
  readonly passwordHash: string;
  readonly requiresTwoFactor: boolean;
  readonly document: JsonDocument;
}

/** Reads SFTPGo's admin JSON. Throws `ERR_INVALID_ADMIN` naming the field. */
export function parseAdmin(value: unknown): Admin {
  if (!isJsonDocument(value)) {
    throw invalid("admin", "a JSON object");
  }
  const filters = field(value, "filters") ?? {};
  if (!isJsonDocument(filters)) {
    throw invalid("filters", "an object");
  }
  const totp = field(filters, "totp_config");
  return {
    id: integer(value, "id"),
    username: text(value, "username"),
    status: integer(value, "status") === 1 ? 1 : 0,
    permissions: texts(value, "permissions"),
    role: text(value, "role"),
    allowedIp: texts(filters, "allow_list"),
    passwordHash: text(value, "password"),
    requiresTwoFactor:
      field(filters, "require_two_factor") === true || (isJsonDocument(totp) && field(totp, "enabled") === true),
    document: value,
  };
}

/** Whether the admin may do what `permission` allows. */
export function isPermitted(admin: Pick<Admin, "permissions">, permission: string): boolean {
  return admin.permissions.includes(EVERYTHING) || admin.permissions.includes(permission);
}

function field(document: JsonDocument, key: string): unknown {
  return Object.hasOwn(document, key) ? document[key] : undefined;
}

function text(document: JsonDocument, key: string): string {
  const value = field(document, key) ?? "";
  if (typeof value !== "string") {
    throw invalid(key, "a string");
  }
  return value;
}

function integer(document: JsonDocument, key: string): number {
  const value = field(document, key) ?? 0;
  if (!Number.isSafeInteger(value)) {
    throw invalid(key, "an integer");
  }
  return Number(value);
}

function texts(document: JsonDocument, key: string): readonly string[] {
  const value = field(document, key) ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw invalid(key, "a list of strings");
  }
  return value;
}

// The value itself is not quoted: the field may be the password.
function invalid(name: string, expected: string): FairleadError {
  return new FairleadError("ERR_INVALID_ADMIN", `admin field "${name}" must be ${expected}`, {
    details: { field: name, expected },
  });
}

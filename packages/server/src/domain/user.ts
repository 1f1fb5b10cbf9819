import { FairleadError } from "./fairlead-error.ts";
import { formatJson, isJsonDocument, type JsonDocument, parseJson } from "./json-document.ts";

/**
 * A user as the server reads it: the fields of SFTPGo's user JSON that are used, typed and
 * defaulted, and the whole document beside them. The document is what is stored and sent to
 * plugins, so fields of newer SFTPGo versions survive.
 */
export interface User {
  /** Row id in the store; 0 while not stored. */
  readonly id: number;
  readonly username: string;
  /** 1 enabled, 0 disabled. Absent in the document means disabled, as in SFTPGo. */
  readonly status: 0 | 1;
  readonly email: string;
  readonly description: string;
  /** Absolute path of the directory that is the user's "/". Empty when the document has none. */
  readonly homeDir: string;
  readonly uid: number;
  readonly gid: number;
  /** Virtual directory → allowed actions; "/" is the rule for everything not listed. */
  readonly permissions: Readonly<Record<string, readonly string[]>>;
  /** Lines in authorized_keys format. */
  readonly publicKeys: readonly string[];
  /** The `password` field: a hash in a stored user, possibly plain text in one to be saved. */
  readonly passwordHash: string;
  /** Milliseconds since the epoch, 0 = never. */
  readonly expirationDateMs: number;
  /** Most SSH connections at one time, 0 = no limit. */
  readonly maxSessions: number;
  /** Most bytes stored, 0 = no limit. */
  readonly quotaSizeBytes: bigint;
  /** Most files stored, 0 = no limit. */
  readonly quotaFiles: number;
  /** Megabytes, 0 = no limit. */
  readonly uploadDataTransferMb: number;
  readonly downloadDataTransferMb: number;
  readonly totalDataTransferMb: number;
  readonly role: string;
  readonly filters: UserFilters;
  /** 0 local disk; every other provider of SFTPGo is not implemented. */
  readonly filesystemProvider: number;
  /** How many virtual folders the document maps. */
  readonly virtualFolderCount: number;
  /** How many groups the document names; group settings are not merged. */
  readonly groupCount: number;
  /** The whole SFTPGo JSON document. */
  readonly document: JsonDocument;
}

export interface UserFilters {
  /** CIDR ranges; not empty = only from these. */
  readonly allowedIp: readonly string[];
  /** CIDR ranges that are refused. Looked at before {@link allowedIp}. */
  readonly deniedIp: readonly string[];
  /** `publickey`, `password`, `password-over-SSH`, `keyboard-interactive`, `publickey+password`, … */
  readonly deniedLoginMethods: readonly string[];
  /** `SSH`, `FTP`, `DAV`, `HTTP`. */
  readonly deniedProtocols: readonly string[];
  /** Protocols for which a second factor must be configured. */
  readonly twoFactorProtocols: readonly string[];
  /** Weekly windows in UTC in which the user may log in; empty = always. */
  readonly accessTimes: readonly AccessTime[];
  readonly filePatterns: readonly FilePatternsFilter[];
  /** Largest single upload in bytes, 0 = no limit. */
  readonly maxUploadFileSizeBytes: bigint;
  /** Directory relative paths start from; "/" when absent. */
  readonly startDirectory: string;
  readonly disableFsChecks: boolean;
  readonly requirePasswordChange: boolean;
  /** Days after which a password must be changed, 0 = never. */
  readonly passwordExpirationDays: number;
  readonly totpEnabled: boolean;
  /** Auth plugins are not asked for this user. */
  readonly externalAuthDisabled: boolean;
  /** Seconds after a login in which auth plugins are not asked again and the stored credentials count, 0 = ask always. */
  readonly externalAuthCacheTimeS: number;
}

export interface AccessTime {
  /** 0 Sunday … 6 Saturday. */
  readonly dayOfWeek: number;
  /** `HH:MM`. */
  readonly from: string;
  readonly to: string;
}

export interface FilePatternsFilter {
  readonly path: string;
  readonly allowedPatterns: readonly string[];
  readonly deniedPatterns: readonly string[];
  /** 0 refused files are listed, 1 they are hidden. */
  readonly denyPolicy: number;
}

/**
 * Reads SFTPGo's user JSON document. Types are checked, values are defaulted, nothing is dropped
 * from `document`. Throws {@link FairleadError} `ERR_INVALID_USER` naming the field.
 */
export function parseUser(value: unknown): User {
  if (!isJsonDocument(value)) {
    throw invalidField("user", "a JSON object", value);
  }
  const fields = new Fields(value, "");
  return {
    id: fields.integer("id"),
    username: fields.text("username"),
    status: fields.integer("status") === 1 ? 1 : 0,
    email: fields.text("email"),
    description: fields.text("description"),
    homeDir: fields.text("home_dir"),
    uid: fields.integer("uid"),
    gid: fields.integer("gid"),
    permissions: parsePermissions(fields),
    publicKeys: fields.texts("public_keys"),
    passwordHash: fields.text("password"),
    expirationDateMs: fields.integer("expiration_date"),
    maxSessions: fields.integer("max_sessions"),
    quotaSizeBytes: fields.bigInteger("quota_size"),
    quotaFiles: fields.integer("quota_files"),
    uploadDataTransferMb: fields.integer("upload_data_transfer"),
    downloadDataTransferMb: fields.integer("download_data_transfer"),
    totalDataTransferMb: fields.integer("total_data_transfer"),
    role: fields.text("role"),
    filters: parseFilters(fields.object("filters")),
    filesystemProvider: fields.object("filesystem").integer("provider"),
    virtualFolderCount: fields.list("virtual_folders").length,
    groupCount: fields.list("groups").length,
    document: value,
  };
}

/** Reads a user from JSON text. Throws `ERR_INVALID_USER` also for text that is not JSON. */
export function parseUserJson(text: string): User {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new FairleadError("ERR_INVALID_USER", "the user document is not valid JSON", { cause });
  }
  return parseUser(value);
}

/** The user's document as SFTPGo writes it, on one line. Holds the password hash. */
export function formatUserJson(user: User): string {
  return formatJson(user.document);
}

function parsePermissions(fields: Fields): Readonly<Record<string, readonly string[]>> {
  const permissions = fields.object("permissions");
  return Object.fromEntries(permissions.keys().map((path) => [path, permissions.texts(path)]));
}

function parseFilters(fields: Fields): UserFilters {
  return {
    allowedIp: fields.texts("allowed_ip"),
    deniedIp: fields.texts("denied_ip"),
    deniedLoginMethods: fields.texts("denied_login_methods"),
    deniedProtocols: fields.texts("denied_protocols"),
    twoFactorProtocols: fields.texts("two_factor_protocols"),
    accessTimes: fields.objects("access_time").map((window) => ({
      dayOfWeek: window.integer("day_of_week"),
      from: window.text("from"),
      to: window.text("to"),
    })),
    filePatterns: fields.objects("file_patterns").map((patterns) => ({
      path: patterns.text("path"),
      allowedPatterns: patterns.texts("allowed_patterns"),
      deniedPatterns: patterns.texts("denied_patterns"),
      denyPolicy: patterns.integer("deny_policy"),
    })),
    maxUploadFileSizeBytes: fields.bigInteger("max_upload_file_size"),
    startDirectory: fields.text("start_directory"),
    disableFsChecks: fields.flag("disable_fs_checks"),
    requirePasswordChange: fields.flag("require_password_change"),
    passwordExpirationDays: fields.integer("password_expiration"),
    totpEnabled: fields.object("totp_config").flag("enabled"),
    externalAuthDisabled: fields.object("hooks").flag("external_auth_disabled"),
    externalAuthCacheTimeS: fields.integer("external_auth_cache_time"),
  };
}

/** Typed access to one JSON object. Absent and `null` are the zero value, as in Go. */
class Fields {
  readonly #document: JsonDocument;
  readonly #prefix: string;

  constructor(document: JsonDocument, prefix: string) {
    this.#document = document;
    this.#prefix = prefix;
  }

  keys(): readonly string[] {
    return Object.keys(this.#document);
  }

  text(key: string): string {
    const value = this.#value(key) ?? "";
    return typeof value === "string" ? value : this.#reject(key, "a string", value);
  }

  flag(key: string): boolean {
    const value = this.#value(key) ?? false;
    return typeof value === "boolean" ? value : this.#reject(key, "true or false", value);
  }

  integer(key: string): number {
    const value = this.#value(key) ?? 0;
    return Number.isSafeInteger(value) ? Number(value) : this.#reject(key, "an integer", value);
  }

  bigInteger(key: string): bigint {
    const value = this.#value(key) ?? 0;
    return typeof value === "bigint" ? value : BigInt(this.integer(key));
  }

  list(key: string): readonly unknown[] {
    const value = this.#value(key) ?? [];
    return Array.isArray(value) ? value : this.#reject(key, "a list", value);
  }

  texts(key: string): readonly string[] {
    return this.list(key).map((item) =>
      typeof item === "string" ? item : this.#reject(key, "a list of strings", item),
    );
  }

  object(key: string): Fields {
    const value = this.#value(key) ?? {};
    return isJsonDocument(value) ? new Fields(value, `${this.#prefix}${key}.`) : this.#reject(key, "an object", value);
  }

  objects(key: string): readonly Fields[] {
    return this.list(key).map((item, index) =>
      isJsonDocument(item)
        ? new Fields(item, `${this.#prefix}${key}[${index}].`)
        : this.#reject(key, "a list of objects", item),
    );
  }

  #value(key: string): unknown {
    return Object.hasOwn(this.#document, key) ? this.#document[key] : undefined;
  }

  #reject(key: string, expected: string, value: unknown): never {
    throw invalidField(`${this.#prefix}${key}`, expected, value);
  }
}

// The value itself is not quoted: the field may be the password.
function invalidField(field: string, expected: string, value: unknown): FairleadError {
  const found = value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
  return new FairleadError("ERR_INVALID_USER", `user field "${field}" must be ${expected}, found ${found}`, {
    details: { field, expected, found },
  });
}

import { formatJson, isJsonDocument, type JsonDocument } from "./json-document.ts";

/**
 * The JSON SFTPGo makes of a user: which fields come in which order, which are there even when they are empty. Plugins
 * read it with any JSON reader, but what a plugin hashes, compares or keeps must not change with the server.
 */
type Shape = Readonly<Record<string, FieldRule>>;

type FieldRule =
  /** Left out when it is empty: `""`, 0, false, `[]`, null. */
  | "optional"
  /** Always there; the value stands for an absent one. */
  | { readonly fallback: unknown }
  /** Always there, with the shape's own fields. */
  | { readonly object: Shape }
  /** Left out when it is empty; its entries have a shape. */
  | { readonly list: Shape }
  /** Always there, keys in the order of their bytes, `null` when absent. */
  | { readonly map: true };

const ZERO = { fallback: 0 } as const;
const EMPTY = { fallback: "" } as const;
const OFF = { fallback: false } as const;

/** Fields left out when empty, in this order. */
function optional(names: string): Shape {
  return Object.fromEntries(names.split(" ").map((name) => [name, "optional"]));
}

const SECRET: Shape = optional("status payload key additional_data mode");
const secret = { object: SECRET } as const;

const FILTERS: Shape = {
  ...optional("allowed_ip denied_ip denied_login_methods denied_protocols"),
  file_patterns: { list: { path: EMPTY, ...optional("allowed_patterns denied_patterns deny_policy") } },
  ...optional("max_upload_file_size tls_username tls_certs"),
  hooks: { object: { external_auth_disabled: OFF, pre_login_disabled: OFF, check_password_disabled: OFF } },
  ...optional("disable_fs_checks web_client allow_api_key_auth user_type"),
  bandwidth_limits: { list: { sources: { fallback: null }, ...optional("upload_bandwidth download_bandwidth") } },
  ...optional("external_auth_cache_time start_directory two_factor_protocols ftp_security is_anonymous"),
  ...optional("default_shares_expiration max_shares_expiration password_expiration password_strength"),
  access_time: { list: optional("day_of_week from to") },
  ...optional("require_password_change additional_emails"),
  totp_config: { object: { ...optional("enabled config_name"), secret, ...optional("protocols") } },
  recovery_codes: { list: { secret, ...optional("used") } },
};

const FILESYSTEM: Shape = {
  provider: ZERO,
  osconfig: { object: optional("read_buffer_size write_buffer_size") },
  s3config: {
    object: {
      ...optional("bucket key_prefix region access_key role_arn session_token endpoint storage_class acl"),
      ...optional("upload_part_size upload_concurrency download_part_size upload_part_max_time"),
      ...optional("download_concurrency download_part_max_time force_path_style skip_tls_verify"),
      access_secret: secret,
      sse_customer_key: secret,
    },
  },
  gcsconfig: {
    object: {
      ...optional("bucket key_prefix automatic_credentials storage_class acl upload_part_size upload_part_max_time"),
      credentials: secret,
    },
  },
  azblobconfig: {
    object: {
      ...optional("container account_name endpoint key_prefix upload_part_size upload_concurrency"),
      ...optional("download_part_size download_concurrency use_emulator access_tier"),
      account_key: secret,
      sas_url: secret,
    },
  },
  cryptconfig: { object: { ...optional("read_buffer_size write_buffer_size"), passphrase: secret } },
  sftpconfig: {
    object: {
      ...optional("endpoint username fingerprints prefix disable_concurrent_reads buffer_size equality_check_mode"),
      password: secret,
      private_key: secret,
      key_passphrase: secret,
    },
  },
  httpconfig: {
    object: {
      ...optional("endpoint username skip_tls_verify equality_check_mode"),
      password: secret,
      api_key: secret,
    },
  },
};

const USER: Shape = {
  id: ZERO,
  status: ZERO,
  username: EMPTY,
  ...optional("email expiration_date password public_keys has_password"),
  home_dir: EMPTY,
  uid: ZERO,
  gid: ZERO,
  max_sessions: ZERO,
  quota_size: ZERO,
  quota_files: ZERO,
  permissions: { map: true },
  ...optional("used_quota_size used_quota_files last_quota_update upload_bandwidth download_bandwidth"),
  upload_data_transfer: ZERO,
  download_data_transfer: ZERO,
  total_data_transfer: ZERO,
  ...optional("used_upload_data_transfer used_download_data_transfer last_login"),
  created_at: ZERO,
  updated_at: ZERO,
  ...optional("first_download first_upload last_password_change description additional_info"),
  groups: { list: { name: EMPTY, type: ZERO } },
  ...optional("oidc_custom_fields role"),
  filters: { object: FILTERS },
  ...optional("virtual_folders"),
  filesystem: { object: FILESYSTEM },
};

/**
 * A user's whole document as SFTPGo sends it to auth plugins, secrets and password hash included. Fields SFTPGo does not
 * have follow the ones it has.
 */
export function formatSftpgoUserJson(document: JsonDocument): string {
  return escapeAsGo(formatJson(shaped(document, USER)));
}

function shaped(document: JsonDocument, shape: Shape): JsonDocument {
  const known: Record<string, unknown> = {};
  for (const key of Object.keys(shape)) {
    const value = field(valueOf(document, key), shape[key]!);
    if (value !== undefined) {
      known[key] = value;
    }
  }
  const unknown = Object.keys(document).filter((key) => !Object.hasOwn(shape, key));
  return unknown.length === 0
    ? known
    : { ...known, ...Object.fromEntries(unknown.map((key) => [key, document[key]] as const)) };
}

/** Values of an unexpected type go through as they are: who stored them has the plugin see them. */
function field(value: unknown, rule: FieldRule): unknown {
  if (rule === "optional") {
    return isEmpty(value) ? undefined : value;
  }
  if ("fallback" in rule) {
    return value ?? rule.fallback;
  }
  if ("object" in rule) {
    return value === undefined || value === null || isJsonDocument(value) ? shaped(value ?? {}, rule.object) : value;
  }
  if ("list" in rule) {
    return isEmpty(value) ? undefined : shapedList(value, rule.list);
  }
  return isJsonDocument(value) ? sortedByKey(value) : (value ?? null);
}

function shapedList(value: unknown, shape: Shape): unknown {
  return Array.isArray(value)
    ? value.map((item: unknown) => (isJsonDocument(item) ? shaped(item, shape) : item))
    : value;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    value === 0 ||
    value === false ||
    (Array.isArray(value) && value.length === 0)
  );
}

function sortedByKey(map: JsonDocument): JsonDocument {
  const entries = Object.entries(map).map(([key, value]) => ({ key, value, bytes: Buffer.from(key) }));
  return Object.fromEntries(
    entries.sort((a, b) => Buffer.compare(a.bytes, b.bytes)).map(({ key, value }) => [key, value]),
  );
}

function valueOf(document: JsonDocument, key: string): unknown {
  return Object.hasOwn(document, key) ? document[key] : undefined;
}

/** Go's encoder escapes what could end a script element, and two line separators (encoding/json, HTMLEscape). */
function escapeAsGo(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

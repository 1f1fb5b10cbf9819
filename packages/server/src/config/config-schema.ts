import * as z from "zod";

import { DEFAULT_NAMING_RULES } from "../domain/username.ts";

/**
 * The keys that mean something here, with SFTPGo's names and defaults. Like SFTPGo's reader, numbers
 * and booleans may be written as text, and a list as text with commas; environment variables are text.
 */
const integer = (min: number, max: number, fallback: number) =>
  z.preprocess(
    (value) => (typeof value === "string" && /^-?\d+$/.test(value.trim()) ? Number(value) : value),
    z.int().min(min).max(max).default(fallback),
  );

/** One of a few numbers, typed as such. */
const choice = <const T extends number>(values: readonly [T, ...T[]], fallback: NoInfer<T>) =>
  z.preprocess(
    (value) => (typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : (value ?? fallback)),
    z.literal([...values], { error: `expected one of ${values.join(", ")}` }),
  );

const flag = (fallback: boolean) =>
  z.preprocess((value) => {
    const text = typeof value === "string" ? value.trim().toLowerCase() : value;
    return text === "true" || text === "1" || text === 1
      ? true
      : text === "false" || text === "0" || text === 0
        ? false
        : value;
  }, z.boolean().default(fallback));

const text = (fallback = "") => z.string().default(fallback);

const texts = (fallback: readonly string[] = []) =>
  z.preprocess(
    (value) =>
      typeof value === "string"
        ? value
            .split(",")
            .map((item) => item.trim())
            .filter((item) => item !== "")
        : (value ?? fallback),
    z.array(z.string()),
  );

/** SFTPGo's. */
export const DEFAULT_TOTP_CONFIGS = [{ name: "Default", issuer: "SFTPGo", algo: "sha1" }] as const;

const MAX_INT32 = 2_147_483_647;

const binding = z.object({
  port: integer(0, 65_535, 2022),
  address: text(),
});

const httpBinding = z.object({
  /** 0 = off. */
  port: integer(0, 65_535, 0),
  address: text(),
  enable_rest_api: flag(true),
  enable_https: flag(false),
  /** PEM files; empty = those of the section. */
  certificate_file: text(),
  certificate_key_file: text(),
  /** 12 or 13. */
  min_tls_version: choice([12, 13], 12),
  /** Client certificates are not implemented: asking for them must not end in asking for none. */
  client_auth_type: choice([0], 0),
});

const httpdSchema = z.object({
  bindings: z.array(httpBinding).default([]),
  certificate_file: text(),
  certificate_key_file: text(),
  /** Secret that signs tokens. Empty = one of this run, so that no token outlives a restart. */
  signing_passphrase: text(),
});

const telemetrySchema = z.object({
  /** 0 = off. */
  bind_port: integer(0, 65_535, 0),
  bind_address: text("127.0.0.1"),
});

/** SFTPGo's default. */
const DEFAULT_SSH_COMMANDS = ["md5sum", "sha1sum", "sha256sum", "cd", "pwd", "scp"];

const commonSchema = z.object({
  /** Minutes without traffic after which a connection is closed, 0 = never. */
  idle_timeout: integer(0, 35_000, 15),
  upload_mode: choice([0, 1, 2], 0),
  setstat_mode: choice([0, 1, 2], 0),
  symlink_mode: choice([0, 1, 2, 3], 0),
  max_total_connections: integer(0, MAX_INT32, 0),
  max_per_host_connections: integer(0, MAX_INT32, 20),
  defender: z
    .object({
      login_delay: z
        .object({
          /** Milliseconds a refused password is kept waiting; slows down guessing. */
          password_failed: integer(0, 60_000, 1000),
        })
        .prefault({}),
    })
    .prefault({}),
});

const sftpdSchema = z.object({
  bindings: z.array(binding).default([{ port: 2022, address: "" }]),
  /** 0 = 6, as in SFTPGo. */
  max_auth_tries: integer(0, 1000, 0),
  host_keys: texts(),
  host_key_algorithms: texts(),
  kex_algorithms: texts(),
  ciphers: texts(),
  macs: texts(),
  public_key_algorithms: texts(),
  /** Commands a client may have run; `*` = all that are here. */
  enabled_ssh_commands: texts(DEFAULT_SSH_COMMANDS),
  /** A file whose text is shown before the login. */
  login_banner_file: text(),
  password_authentication: flag(true),
  keyboard_interactive_authentication: flag(true),
});

const dataProviderSchema = z.object({
  driver: z.literal("sqlite", { error: "only sqlite is supported" }).default("sqlite"),
  /** File name, relative to the data directory. */
  name: text("fairlead.db"),
  users_base_dir: text(),
  naming_rules: integer(0, 7, DEFAULT_NAMING_RULES),
  password_hashing: z
    .object({
      algo: z.enum(["bcrypt", "argon2id"]).default("bcrypt"),
      bcrypt_options: z.object({ cost: integer(4, 20, 10) }).prefault({}),
      argon2_options: z
        .object({
          memory: integer(8, 1_048_576, 65_536),
          iterations: integer(1, 64, 1),
          parallelism: integer(1, 64, 2),
        })
        .prefault({}),
    })
    .prefault({}),
});

/** Of secrets that are stored; every key is SFTPGo's. */
const kmsSchema = z.object({
  secrets: z
    .object({
      /** Who encrypts: `local://` (also when empty), `builtin://`, or a url whose begin is a kms plugin's scheme. */
      url: text(),
      master_key: text(),
      /** A file whose text is the master key; goes before it. */
      master_key_path: text(),
    })
    .prefault({}),
});

const totpConfig = z.object({
  name: z.string().min(1, { error: "a name is mandatory" }),
  issuer: z.string().min(1, { error: "an issuer is mandatory" }),
  algo: z.enum(["sha1", "sha256", "sha512"]),
});

const mfaSchema = z.object({
  /** The kinds of time-based codes a user's `filters.totp_config.config_name` may name. */
  totp: z
    .array(totpConfig)
    .refine((configs) => new Set(configs.map(({ name }) => name)).size === configs.length, {
      error: "two configurations have the same name",
    })
    .default([...DEFAULT_TOTP_CONFIGS]),
});

const fairleadSchema = z.object({
  /** Where the database and generated host keys live. Empty = the configuration directory. */
  data_dir: text(),
  /** Seconds a client has to log in. */
  login_grace_time: integer(1, 3600, 120),
  /** Seconds between keep-alive questions to a silent client, 0 = never. */
  keepalive_interval: integer(0, 3600, 30),
  /** Connections that have not logged in yet, all together and from one address. */
  max_unauthenticated_connections: integer(1, 100_000, 200),
  max_unauthenticated_per_host: integer(1, 100_000, 20),
  /** Channels one connection may have open at a time. */
  max_channels: integer(1, 1000, 20),
  /** Passwords checked at the same time; they share the thread pool with file I/O. */
  max_concurrent_hashes: integer(1, 64, 2),
  /** Seconds plugins get at the end to take the events already accepted. */
  event_drain_time: integer(0, 3600, 10),
  /** Where events of notifier plugins wait whose entries do not say. */
  delivery: z.enum(["memory", "journal"]).default("memory"),
  /** The journal of events; used only when a plugin's events are to be in it. */
  journal: z
    .object({
      /** File name, relative to the data directory. */
      file: z.string().min(1, { error: "expected a file name" }).default("journal.db"),
      max_size_mb: integer(1, 1_048_576, 512),
      /** 0 = no limit. */
      max_age_hours: integer(0, 87_600, 168),
      when_full: z.enum(["drop-oldest", "drop-newest"]).default("drop-oldest"),
      when_failing: z.enum(["memory", "refuse"]).default("memory"),
    })
    .prefault({}),
  /** Seconds a plugin may take to start. SFTPGo gives go-plugin's 60. */
  plugin_start_timeout: integer(1, 3600, 60),
  /** A binding with port 0 gets a free port instead of being off; the log says which. */
  free_ports: flag(false),
});

export const SECTION_SCHEMAS = {
  common: commonSchema,
  sftpd: sftpdSchema,
  data_provider: dataProviderSchema,
  httpd: httpdSchema,
  telemetry: telemetrySchema,
  kms: kmsSchema,
  mfa: mfaSchema,
  fairlead: fairleadSchema,
} as const;

export type SectionName = keyof typeof SECTION_SCHEMAS;
export type Sections = { readonly [Name in SectionName]: z.output<(typeof SECTION_SCHEMAS)[Name]> };

import { z } from "zod";
import type { PluginFairleadOptions } from "./fairlead-options.ts";
import { fairleadOptions } from "./fairlead-schema.ts";
import type { FairleadDefaults } from "./fairlead-schema.ts";
import { boolean, group, integer, list, text, texts } from "./loose-values.ts";
import type {
  AuthOptions,
  KmsOptions,
  NotifierOptions,
  PluginConfig,
  PluginConfigBase,
  PluginType,
} from "./plugin-config.ts";

const notifierOptions = group({
  fs_events: texts,
  provider_events: texts,
  provider_objects: texts,
  log_events: list(integer, "expected a list of whole numbers"),
  retry_max_time: integer,
  retry_queue_max_size: integer,
}).transform((options): NotifierOptions => ({
  fsEvents: options.fs_events,
  providerEvents: options.provider_events,
  providerObjects: options.provider_objects,
  logEvents: options.log_events,
  // Negative values are accepted and mean the same as 0.
  retryMaxTimeS: Math.max(0, options.retry_max_time),
  retryQueueMaxSize: Math.max(0, options.retry_queue_max_size),
}));

const maxScope = 15;

const authOptions = group({
  // SFTPGo takes negative sums and treats them as bits.
  scope: integer.refine((scope) => scope >= 1 && scope <= maxScope, {
    error: ({ input }) =>
      `invalid auth scope: ${String(input)}; expected the sum of 1 password, 2 public key, 4 keyboard-interactive and 8 TLS certificate`,
  }),
}).transform(({ scope }): AuthOptions => ({ scope }));

/** SFTPGo's schemes, each with the status its own kms plugin goes with. */
export const KMS_STATUSES: ReadonlyMap<string, string> = new Map([
  ["awskms", "AWS"],
  ["gcpkms", "GCP"],
  ["hashivault", "VaultTransit"],
  ["azurekeyvault", "AzureKeyVault"],
  ["ocikeyvault", "OracleKeyVault"],
]);

const kmsOptions = group({
  scheme: oneOf([...KMS_STATUSES.keys()], "invalid kms scheme"),
  encrypted_status: oneOf([...KMS_STATUSES.values()], "invalid kms encrypted status"),
}).transform((options): KmsOptions => ({ scheme: options.scheme, encryptedStatus: options.encrypted_status }));

function oneOf(values: readonly string[], problem: string) {
  return text.refine((value) => values.includes(value), {
    error: ({ input }) => `${problem}: ${String(input).slice(0, 100)}; expected one of ${values.join(", ")}`,
  });
}

/** Looks at the type alone: the rest depends on it. */
export const typedEntry = z.object({ type: text }, "expected an object");

const baseKeys = (defaults: FairleadDefaults) => ({
  cmd: text.refine((cmd) => cmd.trim() !== "", "the command of the plugin is missing"),
  args: texts,
  sha256sum: text.refine(
    (sum) => sum === "" || /^[0-9a-f]{64}$/i.test(sum),
    "expected the 64 hexadecimal digits of a SHA-256 sum",
  ),
  auto_mtls: boolean(false),
  env_prefix: text,
  env_vars: list(
    text.refine((name) => name !== "" && !name.includes("="), "expected the name of an environment variable"),
    "expected a list of texts",
  ),
  fairlead: fairleadOptions(defaults),
});

type BaseKeys = z.output<z.ZodObject<ReturnType<typeof baseKeys>>>;

function toBase<const Type extends PluginType>(
  type: Type,
  entry: BaseKeys,
): PluginConfigBase & { readonly type: Type } {
  return {
    type,
    cmd: entry.cmd,
    args: entry.args,
    ...(entry.sha256sum !== "" && { sha256sum: entry.sha256sum.toLowerCase() }),
    autoMtls: entry.auto_mtls,
    envPrefix: entry.env_prefix,
    envVars: entry.env_vars,
    fairlead: { ...entry.fairlead, onUnavailable: entry.fairlead.onUnavailable ?? defaultOnUnavailable[type] },
  };
}

const defaultOnUnavailable: Readonly<Record<PluginType, PluginFairleadOptions["onUnavailable"]>> = {
  auth: "deny",
  ipfilter: "allow",
  notifier: undefined,
  kms: undefined,
  eventsearcher: undefined,
};

/** Entries with lower-case keys, by their type. The options of other types are not looked at. */
export function createEntrySchemas(defaults: FairleadDefaults): Readonly<Record<PluginType, z.ZodType<PluginConfig>>> {
  const keys = baseKeys(defaults);
  return {
    notifier: z
      .object({ ...keys, notifier_options: notifierOptions })
      .transform((entry) => ({ ...toBase("notifier", entry), notifierOptions: entry.notifier_options })),
    auth: z
      .object({ ...keys, auth_options: authOptions })
      .transform((entry) => ({ ...toBase("auth", entry), authOptions: entry.auth_options })),
    kms: z
      .object({ ...keys, kms_options: kmsOptions })
      .transform((entry) => ({ ...toBase("kms", entry), kmsOptions: entry.kms_options })),
    ipfilter: z.object(keys).transform((entry) => toBase("ipfilter", entry)),
    eventsearcher: z.object(keys).transform((entry) => toBase("eventsearcher", entry)),
  };
}

/** SFTPGo's order, as its documentation has it. */
export const PLUGIN_TYPES: readonly PluginType[] = ["notifier", "kms", "auth", "ipfilter", "eventsearcher"];

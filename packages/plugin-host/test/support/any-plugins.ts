import { parsePluginConfigs } from "../../src/config/parse-plugin-configs.ts";
import type { PluginConfig } from "../../src/config/plugin-config.ts";

const optionsOf: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  notifier: { notifier_options: { fs_events: ["upload"], retry_max_time: 120 } },
  auth: { auth_options: { scope: 15 } },
  kms: { kms_options: { scheme: "awskms", encrypted_status: "AWS" } },
};

/** An entry as it is in a configuration file. */
export interface EntryDocument extends Readonly<Record<string, unknown>> {
  readonly type: string;
  readonly cmd: string;
}

/** The checked configuration of entries of any type, with what each type needs, as in a configuration file. */
export function configureAny(...entries: readonly EntryDocument[]): readonly PluginConfig[] {
  return parsePluginConfigs(entries.map((entry) => ({ auto_mtls: true, ...optionsOf[entry.type], ...entry })));
}

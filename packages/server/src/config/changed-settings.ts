import { isDeepStrictEqual } from "node:util";

import type { Config } from "./load-config.ts";

/** The sections as files name them, in the order of the documentation. Algorithms are part of `sftpd`. */
const SECTIONS = {
  common: "common",
  sftpd: "sftpd",
  dataProvider: "data_provider",
  kms: "kms",
  mfa: "mfa",
  httpd: "httpd",
  telemetry: "telemetry",
  fairlead: "fairlead",
} as const satisfies Partial<Record<keyof Config, string>>;

/** They are only what entries of `plugins` start from. */
const PLUGIN_DEFAULTS: ReadonlySet<string> = new Set(["fairlead.plugin_start_timeout", "fairlead.delivery"]);

/** Settings outside `plugins` that differ, such as `sftpd.bindings`. No values: some are secrets. */
export function findChangedSettings(before: Config, now: Config): readonly string[] {
  const changed: string[] = before.dataDir === now.dataDir ? [] : ["fairlead.data_dir"];
  for (const [property, section] of Object.entries(SECTIONS) as [keyof typeof SECTIONS, string][]) {
    const old: Readonly<Record<string, unknown>> = before[property];
    const next: Readonly<Record<string, unknown>> = now[property];
    for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
      if (!isDeepStrictEqual(old[key], next[key])) changed.push(`${section}.${key}`);
    }
  }
  return [...new Set(changed)].filter((name) => !PLUGIN_DEFAULTS.has(name));
}

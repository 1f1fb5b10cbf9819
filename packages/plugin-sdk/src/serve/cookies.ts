import type { CookiePair } from "@fairlead/go-plugin";
import {
  AUTH_HANDSHAKE,
  EVENTSEARCHER_HANDSHAKE,
  IPFILTER_HANDSHAKE,
  KMS_HANDSHAKE,
  NOTIFIER_HANDSHAKE,
} from "../handshakes.ts";
import type { PluginType } from "./served-kind.ts";

const cookies: Readonly<Record<PluginType, CookiePair>> = {
  notifier: NOTIFIER_HANDSHAKE,
  auth: AUTH_HANDSHAKE,
  kms: KMS_HANDSHAKE,
  ipfilter: IPFILTER_HANDSHAKE,
  eventsearcher: EVENTSEARCHER_HANDSHAKE,
};

/** The types a server has started this process for, whatever it can be. */
export function findAskedTypes(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  return Object.entries(cookies).flatMap(([type, { key, value }]) => (env[key] === value ? [type] : []));
}

/** What the plugin starts gets its environment, and must not believe in a host that is not its own. */
export function forgetCookies(kept: CookiePair, env: NodeJS.ProcessEnv = process.env): void {
  for (const { key } of Object.values(cookies)) if (key !== kept.key) Reflect.deleteProperty(env, key);
}

import { PROTOCOL_ENV_NAMES } from "../protocol/constants.ts";
import type { Env } from "./serve-options.ts";

/**
 * Takes what the host said out of this process's environment, and gives back the whole as it was. What the plugin starts
 * usually gets `process.env`: a plugin below it must not take the words of this one's host for its own. With a leaked
 * PLUGIN_CLIENT_CERT it would switch TLS on, with a leaked cookie it would believe in a host that is not there.
 */
export function takeHostVariables(cookieKey: string, environment: NodeJS.ProcessEnv = process.env): Env {
  const whole = { ...environment };
  for (const name of [...PROTOCOL_ENV_NAMES, cookieKey]) Reflect.deleteProperty(environment, name);
  return whole;
}

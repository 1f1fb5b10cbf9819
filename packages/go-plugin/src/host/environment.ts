import type { CookiePair } from "../plugin-kind.ts";
import {
  ENV_CLIENT_CERT,
  ENV_MAX_PORT,
  ENV_MIN_PORT,
  ENV_MULTIPLEX_GRPC,
  ENV_PROTOCOL_VERSIONS,
  ENV_UNIX_SOCKET_DIR,
  ENV_UNIX_SOCKET_GROUP,
  PROTOCOL_ENV_NAMES,
} from "../protocol/constants.ts";

/** What the host tells a plugin through its environment. */
export interface EnvironmentFacts {
  /** The environment the caller built; nothing else is passed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly cookie: CookiePair;
  readonly versions: readonly number[];
  readonly ports: { readonly min: number; readonly max: number };
  /** PEM of the host's one-time certificate, with AutoMTLS. */
  readonly certificatePem?: string;
  /** Whether the host wants one connection for everything. */
  readonly multiplex?: boolean;
  /** A private folder for the plugin's sockets. */
  readonly socketFolder?: string;
  /** Name or number of the group that the plugin opens its sockets to. */
  readonly socketGroup?: string;
}

/**
 * The plugin's whole environment (client.go: Start). A host that is itself a plugin must not hand its own protocol
 * variables on: with a leaked PLUGIN_CLIENT_CERT the inner plugin would switch TLS on for a host that does not.
 */
export function buildPluginEnvironment(facts: EnvironmentFacts): Record<string, string> {
  const environment = new Map(Object.entries(facts.env));
  for (const name of PROTOCOL_ENV_NAMES) environment.delete(name);
  environment.set(facts.cookie.key, facts.cookie.value);
  environment.set(ENV_MIN_PORT, String(facts.ports.min));
  environment.set(ENV_MAX_PORT, String(facts.ports.max));
  environment.set(ENV_PROTOCOL_VERSIONS, facts.versions.join(","));
  if (facts.certificatePem !== undefined) environment.set(ENV_CLIENT_CERT, facts.certificatePem);
  if (facts.multiplex === true) environment.set(ENV_MULTIPLEX_GRPC, "true");
  if (facts.socketFolder !== undefined) environment.set(ENV_UNIX_SOCKET_DIR, facts.socketFolder);
  if (facts.socketGroup !== undefined) environment.set(ENV_UNIX_SOCKET_GROUP, facts.socketGroup);
  return Object.fromEntries(environment);
}

import type {
  AuthClient,
  KeyboardInteractiveCheck,
  PasswordCheck,
  PublicKeyCheck,
  RpcOptions,
  TlsCertificateCheck,
} from "@fairlead/plugin-sdk/client";
import type { AuthPluginConfig } from "../config/plugin-config.ts";
import { PluginHostError } from "../plugin-host-error.ts";
import { AuthScope } from "./auth-hub.ts";
import type { AuthHub } from "./auth-hub.ts";
import { callPlugin } from "./call-plugin.ts";
import type { CallSurroundings } from "./call-plugin.ts";
import { formatGoDuration } from "./go-text.ts";
import type { PluginRoute, RouteList } from "./plugin-route.ts";
import { listUserSecrets } from "./user-secrets.ts";

type AuthRoute = PluginRoute<Pick<AuthPluginConfig, "authOptions">, AuthClient>;

/** The hub over the auth entries. */
export function createAuthHub(
  routes: RouteList<AuthRoute["config"], AuthClient>,
  surroundings: CallSurroundings = {},
): AuthHub {
  const find = (scope: AuthScope): AuthRoute | undefined =>
    routes.current().find(({ config }) => (config.authOptions.scope & scope) !== 0);

  const check =
    <Request extends KeyboardInteractiveCheck>(
      scope: AuthScope,
      run: (client: AuthClient, request: Request, options: RpcOptions) => Promise<Uint8Array>,
      secretsOf: (request: Request) => readonly string[] = () => [],
    ) =>
    async (request: Request, options: RpcOptions = {}): Promise<Uint8Array> =>
      callPlugin(
        find(scope) ?? refuseWithoutPlugin(scope),
        {
          run: (client, limits) => run(client, request, limits),
          secrets: () => [...secretsOf(request), ...listUserSecrets(request.user)],
          summarize: (rpcError, elapsedMs) => summarizeAuth(request.username, rpcError, elapsedMs, scope),
        },
        options,
        surroundings,
      );

  return {
    handles: (scope) => find(scope) !== undefined,
    checkPassword: check<PasswordCheck>(
      AuthScope.password,
      (client, request, options) => client.checkPassword(request, options),
      ({ password }) => [password],
    ),
    checkPublicKey: check<PublicKeyCheck>(AuthScope.publicKey, (client, request, options) =>
      client.checkPublicKey(request, options),
    ),
    checkTlsCertificate: check<TlsCertificateCheck>(AuthScope.tlsCertificate, (client, request, options) =>
      client.checkTlsCertificate(request, options),
    ),
    checkKeyboardInteractive: check(AuthScope.keyboardInteractive, (client, request, options) =>
      client.checkKeyboardInteractive(request, options),
    ),
    // SFTPGo asks the first plugin with the password bit here, which may be another one than was asked first.
    sendKeyboardStep: async (request, options = {}) =>
      callPlugin(
        find(AuthScope.keyboardInteractive) ?? refuseWithoutPlugin(AuthScope.keyboardInteractive),
        {
          run: (client, limits) => client.sendKeyboardStep(request, limits),
          secrets: () => [request.password, ...request.answers],
        },
        options,
        surroundings,
      ),
  };
}

function summarizeAuth(username: string, rpcError: string, elapsedMs: number, scope: AuthScope): string {
  const elapsed = formatGoDuration(elapsedMs);
  return `plugin auth error for user ${JSON.stringify(username)}: ${rpcError}, elapsed: ${elapsed}, auth scope: ${scope}`;
}

function refuseWithoutPlugin(scope: AuthScope): never {
  throw new PluginHostError("ERR_PLUGIN_NOT_CONFIGURED", `no auth plugin is configured for scope ${scope}`, {
    details: { scope },
  });
}

import type { PluginSelfDescription } from "../serve/run-by-hand.ts";
import type { AuthHandlers } from "./auth-handlers.ts";
import { hasKeyboard } from "./has-keyboard.ts";

/** Bits of `auth_options.scope`: what a server may ask a plugin. */
const AUTH_SCOPE = { password: 1, publicKey: 2, keyboardInteractive: 4, tlsCertificate: 8 } as const;

const wholeScope = Object.values(AUTH_SCOPE).reduce((scope, bit) => scope | bit, 0);

/** The configuration that lets a server ask a plugin what it has handlers for, and nothing else. */
export function describeAuth(handlers: AuthHandlers | undefined): PluginSelfDescription {
  const scope = handlers === undefined ? wholeScope : scopeOf(handlers);
  return {
    type: "auth",
    purpose: "decides who may log in, and as what user",
    ...(scope === 0 && {
      missing:
        "It has no handlers yet, and a server refuses an auth plugin without scope: give checkPassword, checkPublicKey, " +
        "checkTlsCertificate or keyboardInteractive to serveAuth().",
    }),
    options: { auth_options: { scope } },
    ...(handlers === undefined && {
      advice:
        "The scope is a sum: 1 passwords, 2 public keys, 4 keyboard-interactive, 8 TLS certificates. Take away what the plugin " +
        "does not decide: it alone is asked, and refuses what it has no handler for.",
    }),
    ...((scope & AUTH_SCOPE.keyboardInteractive) !== 0 &&
      (scope & AUTH_SCOPE.password) === 0 && {
        advice:
          "SFTPGo puts the questions of keyboard-interactive logins to a plugin with scope 1 only: there it takes a " +
          "checkPassword, and scope 5. Fairlead needs neither.",
      }),
  };
}

function scopeOf(handlers: AuthHandlers): number {
  return (
    (handlers.checkPassword ? AUTH_SCOPE.password : 0) |
    (handlers.checkPublicKey ? AUTH_SCOPE.publicKey : 0) |
    (hasKeyboard(handlers) ? AUTH_SCOPE.keyboardInteractive : 0) |
    (handlers.checkTlsCertificate ? AUTH_SCOPE.tlsCertificate : 0)
  );
}

import { AUTH_HANDSHAKE } from "../handshakes.ts";
import type { ServedKind } from "../serve/served-kind.ts";
import { describeAuth } from "./describe-auth.ts";
import type { AuthHandlers } from "./auth-handlers.ts";
import { authKind } from "./auth-kind.ts";

/** What serving auth plugins takes. */
export const servedAuth: ServedKind<AuthHandlers> = {
  type: "auth",
  handshake: AUTH_HANDSHAKE,
  kind: authKind,
  describe: describeAuth,
};

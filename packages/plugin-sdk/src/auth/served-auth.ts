import type { LoadedKind } from "../serve/kind-serving.ts";
import { describeAuth } from "./describe-auth.ts";
import type { AuthHandlers } from "./auth-handlers.ts";
import { authKind } from "./auth-kind.ts";

/** What serving auth plugins takes. */
export const servedAuth: LoadedKind<AuthHandlers> = { kind: authKind, describe: describeAuth };

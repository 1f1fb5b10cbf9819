import { AUTH_HANDSHAKE } from "../handshakes.ts";
import type { KindServing } from "../serve/kind-serving.ts";
import type { AuthHandlers } from "./auth-handlers.ts";

export const authServing: KindServing<AuthHandlers> = {
  type: "auth",
  handshake: AUTH_HANDSHAKE,
  load: async () => {
    const [{ authKind }, { describeAuth }] = await Promise.all([
      import("./auth-kind.ts"),
      import("./describe-auth.ts"),
    ]);
    return { kind: authKind, describe: describeAuth };
  },
};

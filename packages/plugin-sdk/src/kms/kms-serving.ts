import { KMS_HANDSHAKE } from "../handshakes.ts";
import type { KindServing } from "../serve/kind-serving.ts";
import type { KmsHandlers } from "./kms-handlers.ts";

export const kmsServing: KindServing<KmsHandlers> = {
  type: "kms",
  handshake: KMS_HANDSHAKE,
  load: async () => {
    const [{ kmsKind }, { describeKms }] = await Promise.all([import("./kms-kind.ts"), import("./describe-kms.ts")]);
    return { kind: kmsKind, describe: describeKms };
  },
};

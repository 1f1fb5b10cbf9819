import { KMS_HANDSHAKE } from "../handshakes.ts";
import type { ServedKind } from "../serve/served-kind.ts";
import { describeKms } from "./describe-kms.ts";
import type { KmsHandlers } from "./kms-handlers.ts";
import { kmsKind } from "./kms-kind.ts";

/** What serving kms plugins takes. */
export const servedKms: ServedKind<KmsHandlers> = {
  type: "kms",
  handshake: KMS_HANDSHAKE,
  kind: kmsKind,
  describe: describeKms,
};

import type { LoadedKind } from "../serve/kind-serving.ts";
import { describeKms } from "./describe-kms.ts";
import type { KmsHandlers } from "./kms-handlers.ts";
import { kmsKind } from "./kms-kind.ts";

/** What serving kms plugins takes. */
export const servedKms: LoadedKind<KmsHandlers> = { kind: kmsKind, describe: describeKms };

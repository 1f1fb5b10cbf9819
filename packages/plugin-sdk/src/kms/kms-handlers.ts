import type { Awaitable, CallContext } from "../call-context.ts";
import type { DecryptRequest, EncryptedSecret, EncryptRequest } from "./kms-messages.ts";

/**
 * What a kms plugin does with the server's secrets. A handler that throws tells the server that it could not; the
 * message ends in logs, so it must hold neither secrets nor keys. Requests and answers are never logged.
 */
export interface KmsHandlers {
  /** A secret is stored. */
  encrypt(request: EncryptRequest, context: CallContext): Awaitable<EncryptedSecret>;
  /** A stored secret is needed. Returns what was given to `encrypt`. */
  decrypt(request: DecryptRequest, context: CallContext): Awaitable<string>;
}

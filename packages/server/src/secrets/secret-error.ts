import { FairleadError } from "../domain/fairlead-error.ts";
import type { Secret } from "./secret.ts";

/** `ERR_SECRET`: names status and owner of the secret, never anything of its content. */
export function cannotDecrypt(secret: Secret, problem: string, cause?: unknown): FairleadError {
  const { status, additionalData } = secret;
  const owner = additionalData === "" ? "" : ` of ${JSON.stringify(additionalData)}`;
  return new FairleadError("ERR_SECRET", `the secret${owner} with status "${status}" cannot be decrypted: ${problem}`, {
    details: { status, additionalData },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function cannotEncrypt(additionalData: string, problem: string, cause?: unknown): FairleadError {
  return new FairleadError(
    "ERR_SECRET",
    `a secret of ${JSON.stringify(additionalData)} cannot be encrypted: ${problem}`,
    {
      details: { additionalData },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

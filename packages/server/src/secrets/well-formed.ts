import { AES_GCM } from "./aes-gcm.ts";
import type { Secret } from "./secret.ts";
import { SECRETBOX } from "./secretbox.ts";

/** Plugins' statuses whose stored key SFTPGo looks at before it asks the plugin; the others' may be of any length. */
const KEYED_STATUSES: ReadonlySet<string> = new Set(["AWS", "GCP", "VaultTransit"]);
const KEY_CHARACTERS = 64;

/** Whether an encrypted secret has the form its provider gives it, as far as SFTPGo looks before it decrypts. */
export function isWellFormed({ status, payload, key }: Secret): boolean {
  const isKeyed = key.length === KEY_CHARACTERS;
  if (status === SECRETBOX || status === AES_GCM) {
    return payload !== "" && isKeyed;
  }
  return payload !== "" && (isKeyed || key === "" || !KEYED_STATUSES.has(status));
}

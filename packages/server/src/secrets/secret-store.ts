import type { Secret } from "./secret.ts";

/** Encrypts what must not be stored as it is, with the provider of `kms.secrets.url`, and reads what any provider wrote. */
export interface SecretStore {
  /**
   * Encrypts a text. `additionalData` is bound to it: the name of the user it belongs to. Rejects with `ERR_SECRET`
   * when the provider is a plugin that is not there or fails.
   */
  encrypt(plain: string, additionalData: string, options?: SecretCallOptions): Promise<Secret>;
  /**
   * The text of an encrypted secret, read by the provider of its status; `Plain` is given back as it is. Rejects with
   * `ERR_SECRET` when nobody here can read that status, the plugin fails, or the secret was damaged.
   */
  decrypt(secret: Secret, options?: SecretCallOptions): Promise<string>;
}

export interface SecretCallOptions {
  /** Aborted: nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** A secret to encrypt. */
export interface EncryptRequest {
  /** The secret in clear. */
  readonly payload: string;
  /** What the secret belongs to, a user's name for instance; must be the same when it is decrypted. */
  readonly additionalData: string;
  /** The server's `kms.secrets.url`. */
  readonly url: string;
  /** The server's master key, or nothing when it has none. */
  readonly masterKey: string;
}

/** An encrypted secret, as the server stores it. */
export interface EncryptedSecret {
  readonly payload: string;
  /** What decryption needs besides; nothing when it needs no more than the payload. */
  readonly key: string;
  /** SFTPGo's own providers write 1 for a secret that the master key took part in, else 0. */
  readonly mode: number;
}

/** A secret to decrypt: what encryption gave, under the server's present URL and master key. */
export interface DecryptRequest extends EncryptedSecret {
  readonly additionalData: string;
  readonly url: string;
  readonly masterKey: string;
}

/** A secret as SFTPGo stores it in its JSON. Every field is left out of the JSON when it is empty. */
export interface Secret {
  /**
   * Who can read it: `Secretbox` and `AES-256-GCM` are built in, `AWS`, `GCP`, `VaultTransit`, … belong to plugins,
   * `Plain` is text still to be encrypted, `Redacted` stands for what is stored already.
   */
  readonly status: string;
  readonly payload: string;
  /** What the key is derived with; not the key itself. */
  readonly key: string;
  /** Bound to the payload: the username for a user's secrets. */
  readonly additionalData: string;
  /** 1: the master key was used. */
  readonly mode: number;
}

/**
 * Algorithms this server can speak, in the order it prefers them: SFTPGo's defaults as far as the SSH
 * library has them. Nothing with SHA-1, CBC or MD5 is in here, so nothing of the kind can be switched on.
 */
export interface SshAlgorithms {
  readonly kex: readonly string[];
  readonly ciphers: readonly string[];
  readonly macs: readonly string[];
  readonly hostKeys: readonly string[];
  /** Signature algorithms accepted for users' keys. */
  readonly publicKeys: readonly string[];
}

const SUPPORTED_ALGORITHMS: SshAlgorithms = {
  kex: [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
  ],
  ciphers: [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
  ],
  macs: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-512"],
  hostKeys: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ],
  publicKeys: [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ],
};

/** SFTPGo offers only the SHA-256 MACs unless told otherwise. */
export const DEFAULT_ALGORITHMS: SshAlgorithms = {
  ...SUPPORTED_ALGORITHMS,
  macs: ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"],
};

/** Splits a configured list into what can be spoken and what cannot. */
export function chooseAlgorithms(
  kind: keyof SshAlgorithms,
  configured: readonly string[],
): { readonly chosen: readonly string[]; readonly unsupported: readonly string[] } {
  if (configured.length === 0) {
    return { chosen: DEFAULT_ALGORITHMS[kind], unsupported: [] };
  }
  const supported = new Set(SUPPORTED_ALGORITHMS[kind]);
  return {
    chosen: [...new Set(configured)].filter((name) => supported.has(name)),
    unsupported: configured.filter((name) => !supported.has(name)),
  };
}

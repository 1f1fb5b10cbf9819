import { hash, verify } from "@node-rs/bcrypt";

/** bcrypt reads 72 bytes of a password; Go refuses to hash more, so that nothing is ignored in silence. */
export const MAX_BCRYPT_PASSWORD_BYTES = 72;

/** `$2a$`, as SFTPGo writes it. Runs on the thread pool. */
export async function hashBcrypt(password: string, cost: number): Promise<string> {
  return await hash(password, { cost, version: "2a", rejectLongPasswords: true });
}

export async function verifyBcrypt(password: string, encoded: string): Promise<boolean> {
  return await verify(password, encoded);
}

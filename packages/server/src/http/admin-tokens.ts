import { createHash, randomBytes, randomUUID } from "node:crypto";

import { errors, jwtVerify, SignJWT } from "jose";

import type { Admin } from "../domain/admin.ts";

/** Who a token speaks for. Permissions are looked up again at each request, so that a change counts at once. */
export interface TokenHolder {
  readonly username: string;
  readonly tokenId: string;
  /** Which password it was given for, see {@link isStillOf}. */
  readonly credentials: string;
  readonly expiresAtMs: number;
}

export interface IssuedToken {
  readonly text: string;
  readonly expiresAtMs: number;
}

export type TokenVerdict =
  | { readonly outcome: "valid"; readonly holder: TokenHolder }
  /** No token, a forged one, one for another address, or one that is over. */
  | { readonly outcome: "invalid" }
  | { readonly outcome: "revoked" };

export interface AdminTokens {
  issue(admin: Admin, ip: string): Promise<IssuedToken>;
  verify(text: string, ip: string): Promise<TokenVerdict>;
  revoke(holder: TokenHolder): void;
  /** False once the administrator has another password, or is another one of the same name. SFTPGo goes on. */
  isStillOf(holder: TokenHolder, admin: Admin): boolean;
}

/** SFTPGo's. */
const LIFETIME_MS = 20 * 60_000;
const AUDIENCE = "API";
/** A token is no longer than this; what is longer is not looked at. */
const MAX_TOKEN_CHARACTERS = 8_192;

/**
 * JSON Web Tokens (HS256) bound to the address they were given to, as SFTPGo's are.
 *
 * @param passphrase SFTPGo's `httpd.signing_passphrase`; empty: a secret of this run, and no token outlives it
 */
export function createAdminTokens(passphrase: string, clock: () => number = Date.now): AdminTokens {
  const key = passphrase === "" ? randomBytes(32) : Buffer.from(passphrase, "utf8");
  const revoked = new Map<string, number>();
  return {
    async issue(admin, ip) {
      const nowMs = clock();
      const expiresAtMs = nowMs + LIFETIME_MS;
      const text = await new SignJWT({
        username: admin.username,
        permissions: admin.permissions,
        credentials: credentialsOf(admin),
      })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setAudience([AUDIENCE, ip])
        .setJti(randomUUID())
        .setIssuedAt(toSeconds(nowMs))
        .setExpirationTime(toSeconds(expiresAtMs))
        .sign(key);
      return { text, expiresAtMs };
    },
    async verify(text, ip) {
      const holder = await read(text, ip, key, clock());
      if (holder === undefined) {
        return { outcome: "invalid" };
      }
      return revoked.has(holder.tokenId) ? { outcome: "revoked" } : { outcome: "valid", holder };
    },
    revoke({ tokenId, expiresAtMs }) {
      const nowMs = clock();
      for (const [id, untilMs] of revoked) {
        if (untilMs < nowMs) {
          revoked.delete(id);
        }
      }
      revoked.set(tokenId, expiresAtMs);
    },
    isStillOf: ({ username, credentials }, admin) =>
      admin.username === username && credentialsOf(admin) === credentials,
  };
}

async function read(text: string, ip: string, key: Uint8Array, nowMs: number): Promise<TokenHolder | undefined> {
  if (text.length > MAX_TOKEN_CHARACTERS) {
    return undefined;
  }
  try {
    const { payload } = await jwtVerify(text, key, {
      algorithms: ["HS256"],
      audience: AUDIENCE,
      currentDate: new Date(nowMs),
      requiredClaims: ["exp", "jti"],
    });
    const { aud, jti, exp, username, credentials } = payload;
    const isForHere = Array.isArray(aud) && aud.includes(ip);
    if (!isForHere || jti === undefined || exp === undefined) {
      return undefined;
    }
    return typeof username === "string" && typeof credentials === "string"
      ? { username, tokenId: jti, credentials, expiresAtMs: exp * 1_000 }
      : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      return undefined;
    }
    throw error;
  }
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** Tells nothing of the password: of a slow hash with a salt, a part of a fast one. */
function credentialsOf({ id, passwordHash }: Admin): string {
  return createHash("sha256").update(`${id} ${passwordHash}`).digest("base64url").slice(0, 16);
}

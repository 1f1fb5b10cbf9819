import type { TOTP } from "otpauth";

import { FairleadError } from "../domain/fairlead-error.ts";
import { type TotpConfig, totpConfigOf } from "../domain/totp-config.ts";
import type { User } from "../domain/user.ts";
import { parseSecret } from "../secrets/secret.ts";
import type { SecretStore } from "../secrets/secret-store.ts";
import { TryLimit } from "./try-limit.ts";

/** The time-based codes of `filters.totp_config`. */
export interface SecondFactor {
  /** Whether this user has a second factor for SSH: keyboard-interactive then asks for a code after the password. */
  isNeededFor(user: User): boolean;
  /**
   * Whether `code` is the user's code of now. A code is accepted once. False for a user without a second factor for
   * SSH, and, whatever the code, after {@link MAX_WRONG_CODES} wrong ones within five minutes: who has the password could
   * otherwise try all. Rejects with `ERR_SECRET` when the secret cannot be read and with `ERR_INVALID_USER` when the user's document
   * names a TOTP configuration that is not there: nobody is let in then.
   */
  verifyTotp(user: User, code: string, options?: { readonly signal?: AbortSignal }): Promise<boolean>;
}

/** A kind of code a user's `totp_config.config_name` may name; an entry of `mfa.totp`. */
export interface TotpKind {
  readonly name: string;
  readonly algo: "sha1" | "sha256" | "sha512";
}

export interface SecondFactorOptions {
  readonly secrets: Pick<SecretStore, "decrypt">;
  /** What `mfa.totp` lists. */
  readonly kinds: readonly TotpKind[];
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
  /** Told of each code that was not looked at, because there were too many wrong ones. */
  readonly onTooMany?: (username: string) => void;
}

const PERIOD_S = 30;
const PERIOD_MS = PERIOD_S * 1000;
const DIGITS = 6;
/** Codes of one period before and one after are taken too, as SFTPGo was seen to do: clocks differ. */
const WINDOW = 1;
/** At most three codes of a million are right at a time: at this pace, guessing takes months. RFC 4226 section 7.3. */
const MAX_WRONG_CODES = 10;
const WRONG_CODES_WINDOW_MS = 5 * 60_000;

/** One for the whole process: it remembers which codes were used. */
export function createSecondFactor(options: SecondFactorOptions): SecondFactor {
  return new TotpFactor(options);
}

class TotpFactor implements SecondFactor {
  readonly #secrets: Pick<SecretStore, "decrypt">;
  readonly #kinds: readonly TotpKind[];
  readonly #clock: () => number;
  readonly #onTooMany: ((username: string) => void) | undefined;
  readonly #tries = new TryLimit({ tries: MAX_WRONG_CODES, windowMs: WRONG_CODES_WINDOW_MS });
  /** Username and period of each code that was accepted → when it is worth nothing any more. */
  readonly #used = new Map<string, number>();

  constructor({ secrets, kinds, clock = Date.now, onTooMany }: SecondFactorOptions) {
    this.#onTooMany = onTooMany;
    this.#secrets = secrets;
    this.#kinds = kinds;
    this.#clock = clock;
  }

  isNeededFor(user: User): boolean {
    return configForSsh(user) !== undefined;
  }

  async verifyTotp(user: User, code: string, options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    const config = configForSsh(user);
    const token = code.trim();
    if (config === undefined || !/^\d{6}$/.test(token)) {
      return false;
    }
    const { username } = user;
    if (!this.#tries.begin(username, this.#clock())) {
      this.#onTooMany?.(username);
      return false;
    }
    let isWrong = false;
    try {
      const totp = await this.#open(user, config, options.signal);
      const nowMs = this.#clock();
      const delta = totp.validate({ token, timestamp: nowMs, window: WINDOW });
      isWrong = delta === null || !this.#use(username, Math.floor(nowMs / PERIOD_MS) + delta, nowMs);
      return !isWrong;
    } finally {
      // Also when it could not be looked at: that is nobody's guess.
      if (!isWrong) this.#tries.forgive(username);
    }
  }

  async #open(user: User, config: TotpConfig, signal: AbortSignal | undefined): Promise<TOTP> {
    const kind = this.#kinds.find(({ name }) => name === config.configName);
    if (kind === undefined) {
      throw unusable(user, `the TOTP configuration ${JSON.stringify(config.configName)}, which is not in mfa.totp`);
    }
    const secret = parseSecret(config.secret, "filters.totp_config.secret");
    if (secret === undefined) {
      throw unusable(user, "a second factor and no secret for it");
    }
    const text = (await this.#secrets.decrypt(secret, signal && { signal })).trim().replace(/=+$/, "").toUpperCase();
    if (!/^[A-Z2-7]+$/.test(text)) {
      throw unusable(user, "a TOTP secret that is no base32 text");
    }
    // Loaded when the first code comes: few servers have users with a second factor.
    const { Secret, TOTP } = await import("otpauth");
    const algorithm = kind.algo.toUpperCase();
    return new TOTP({ secret: Secret.fromBase32(text), algorithm, digits: DIGITS, period: PERIOD_S });
  }

  /** False when the code of that period was accepted before. */
  #use(username: string, period: number, nowMs: number): boolean {
    for (const [key, endMs] of this.#used) {
      if (endMs <= nowMs) this.#used.delete(key);
    }
    const key = `${period} ${username}`;
    if (this.#used.has(key)) {
      return false;
    }
    // Until the clock has left the last period in which the code is taken.
    this.#used.set(key, (period + WINDOW + 1) * PERIOD_MS);
    return true;
  }
}

function configForSsh(user: User): TotpConfig | undefined {
  const config = totpConfigOf(user);
  return config?.protocols.includes("SSH") === true ? config : undefined;
}

function unusable(user: User, what: string): FairleadError {
  return new FairleadError("ERR_INVALID_USER", `user "${user.username}" has ${what}`, {
    details: { username: user.username },
  });
}

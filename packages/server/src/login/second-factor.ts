import type { User } from "../domain/user.ts";

/** The time-based codes of `filters.totp_config`. */
export interface SecondFactor {
  /** Whether this user has a second factor for SSH: keyboard-interactive then asks for a code after the password. */
  isNeededFor(user: User): boolean;
  /**
   * Whether `code` is the user's code of now. A code is accepted once. False for a user without a second factor for
   * SSH. Rejects with `ERR_SECRET` when the secret cannot be read and with `ERR_INVALID_USER` when the user's document
   * names a TOTP configuration that is not there: nobody is let in then.
   */
  verifyTotp(user: User, code: string, options?: { readonly signal?: AbortSignal }): Promise<boolean>;
}

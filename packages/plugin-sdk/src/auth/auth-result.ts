import type { Denied } from "../denied.ts";
import type { SftpgoUser } from "./sftpgo-user.ts";

/** What a check says about a login. Whatever it is, the server goes on with its own rules, or does not. */
export type AuthResult = Unchanged | UserDocument | Denied;

/** The user is as stored. */
export interface Unchanged {
  readonly outcome: "unchanged";
}

/** The user is as in this document. */
export interface UserDocument {
  readonly outcome: "user";
  readonly user: SftpgoUser;
}

/**
 * Accepts, and leaves the stored user as it is; one that the server does not know is refused. After a password check the
 * server takes the password that was right as the user's new one.
 */
export function unchanged(): Unchanged {
  return { outcome: "unchanged" };
}

/**
 * Accepts, and stores this user: adds one that the server does not know, else replaces it. Replaces, so change a copy of
 * what came with the request (`user({ ...request.user, quota_files: 10 })`): what is absent becomes empty, `status` too,
 * which disables. The server keeps what is its own: id, counters, times, second factor.
 */
export function user(document: SftpgoUser): UserDocument {
  return { outcome: "user", user: document };
}

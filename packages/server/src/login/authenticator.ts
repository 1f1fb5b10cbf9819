import { hasPublicKey } from "../domain/public-key.ts";
import type { User } from "../domain/user.ts";
import { normaliseUsername } from "../domain/username.ts";
import {
  checkAccount,
  checkGate,
  checkPasswordAge,
  type LoginMethod,
  type Refusal,
  secondStepsAfterKey,
} from "./login-rules.ts";
import type { PasswordHasher, PasswordVerdict } from "./password/password-hasher.ts";
import type { WorkTicket } from "./password/work-queue.ts";
import type { SessionRegistry, SessionSlot } from "./session-registry.ts";
import type { UserStore } from "./user-store.ts";

export interface LoginRequest {
  /** As the client sent it. */
  readonly username: string;
  readonly ip: string;
}

export interface PasswordRequest extends LoginRequest {
  readonly password: string;
  readonly method: Exclude<LoginMethod, "publickey">;
  /** Aborted when the client is gone: a password not looked at yet is not looked at any more. */
  readonly signal?: AbortSignal;
}

export interface PublicKeyRequest extends LoginRequest {
  /** Public key in wire format. */
  readonly blob: Uint8Array;
}

/**
 * `partial`: the first of two steps is done, one of `nextSteps` must follow. `refused` tells whether
 * the credentials (`credentials`) or a rule looked at afterwards (`gate`) said no, because the events
 * differ; `isUnknownUser` picks the event number.
 */
export type LoginDecision =
  | { readonly outcome: "accepted"; readonly user: User }
  | { readonly outcome: "partial"; readonly nextSteps: readonly string[] }
  | {
      readonly outcome: "refused";
      readonly stage: "credentials" | "gate";
      readonly isUnknownUser: boolean;
      readonly message: string;
    };

/** Decides who may log in. Nothing here knows the wire. */
export interface Authenticator {
  checkPassword(request: PasswordRequest): Promise<LoginDecision>;
  /** Says whether this key would do; that the client owns it is for the caller to verify. */
  checkPublicKey(request: PublicKeyRequest): Promise<LoginDecision>;
  /** Takes the session's place, at the moment of success. `undefined` when there is none left. */
  openSession(user: User): SessionSlot | undefined;
}

export interface AuthenticatorOptions {
  readonly users: Pick<UserStore, "findUser" | "recordLogin">;
  readonly hasher: PasswordHasher;
  readonly sessions: SessionRegistry;
  /** SFTPGo's `data_provider.naming_rules`. */
  readonly namingRules: number;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
  /** Told about a `last_login` that could not be stored; the login itself succeeded. */
  readonly onRecordFailure?: (error: unknown) => void;
}

// SFTPGo's texts, as receivers of log events know them.
const WRONG_CREDENTIALS = "invalid credentials";
const UNKNOWN_USER = "not found: sql: no rows in result set";

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { users, hasher, sessions } = options;
  const clock = options.clock ?? Date.now;

  async function find(request: LoginRequest): Promise<User | undefined> {
    return await users.findUser(normaliseUsername(request.username, options.namingRules));
  }

  function passGate(user: User, request: LoginRequest, method: LoginMethod): LoginDecision {
    const openSessions = sessions.count(user.username);
    const refusal = checkGate(user, { ip: request.ip, method, openSessions });
    return refusal === undefined ? { outcome: "accepted", user } : refused("gate", refusal.message);
  }

  return {
    async checkPassword(request) {
      const user = await find(request);
      const ticket = workTicket(request);
      if (user === undefined) {
        await hasher.verifyNothing(request.password, ticket);
        return unknownUser();
      }
      // Always computed, so that a disabled user takes as long as an enabled one.
      const verdict = await verifyStored(hasher, request.password, user, ticket);
      const nowMs = clock();
      const refusal: Pick<Refusal, "message"> | undefined =
        checkAccount(user, nowMs) ?? refusalOf(verdict, user) ?? checkPasswordAge(user, nowMs);
      return refusal === undefined ? passGate(user, request, request.method) : refused("credentials", refusal.message);
    },

    async checkPublicKey(request) {
      const user = await find(request);
      if (user === undefined) {
        return unknownUser();
      }
      const refusal = checkAccount(user, clock());
      if (refusal !== undefined || !hasPublicKey(user.publicKeys, request.blob)) {
        return refused("credentials", refusal?.message ?? WRONG_CREDENTIALS);
      }
      const nextSteps = secondStepsAfterKey(user);
      return nextSteps.length === 0 ? passGate(user, request, "publickey") : { outcome: "partial", nextSteps };
    },

    openSession(user) {
      const slot = sessions.open(user.username, user.maxSessions);
      if (slot !== undefined) {
        users.recordLogin(user.username, clock()).catch((error: unknown) => {
          options.onRecordFailure?.(error);
        });
      }
      return slot;
    },
  };
}

function workTicket({ ip, signal }: PasswordRequest): WorkTicket {
  return signal === undefined ? { origin: ip } : { origin: ip, signal };
}

async function verifyStored(
  hasher: PasswordHasher,
  password: string,
  user: User,
  ticket: WorkTicket,
): Promise<PasswordVerdict> {
  // A user without a password logs in by key only.
  return user.passwordHash === ""
    ? await hasher.verifyNothing(password, ticket)
    : await hasher.verify(password, user.passwordHash, ticket);
}

function refusalOf(verdict: PasswordVerdict, user: User): { readonly message: string } | undefined {
  switch (verdict) {
    case "match":
      return undefined;
    case "mismatch":
      return { message: WRONG_CREDENTIALS };
    case "busy":
      return { message: "too many passwords are being checked" };
    case "unsupported":
      return { message: `the stored password of user "${user.username}" has a format not supported here` };
  }
  return verdict;
}

function refused(stage: "credentials" | "gate", message: string): LoginDecision {
  return { outcome: "refused", stage, isUnknownUser: false, message };
}

function unknownUser(): LoginDecision {
  return { outcome: "refused", stage: "credentials", isUnknownUser: true, message: UNKNOWN_USER };
}

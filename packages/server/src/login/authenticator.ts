import { formatKeyLine, hasPublicKey } from "../domain/public-key.ts";
import type { User } from "../domain/user.ts";
import { normaliseUsername } from "../domain/username.ts";
import type { AuthPlugins, AuthScopeName, PluginLogin, PluginVerdict } from "./auth-plugins.ts";
import {
  ABANDONED,
  type AskClient,
  type ConversationEnd,
  converse,
  PASSED,
  refusedConversation,
  WRONG_NUMBER_OF_ANSWERS,
} from "./keyboard-conversation.ts";
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
import type { SecondFactor } from "./second-factor.ts";
import type { SessionRegistry, SessionSlot } from "./session-registry.ts";
import type { UserStore } from "./user-store.ts";

export interface LoginRequest {
  /** As the client sent it. */
  readonly username: string;
  readonly ip: string;
  /** Aborted when the client is gone: a password not looked at yet, or a plugin, is not waited for any more. */
  readonly signal?: AbortSignal;
}

export interface PasswordRequest extends LoginRequest {
  readonly password: string;
  readonly method: "password" | "publickey+password";
}

export interface KeyboardRequest extends LoginRequest {
  readonly method: "keyboard-interactive" | "publickey+keyboard-interactive";
  readonly ask: AskClient;
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
      /** Which plugin said no or could not be asked, for the log. */
      readonly plugin?: string;
    };

/** `abandoned`: the client went on to something else and waits for no answer. */
export type KeyboardDecision = LoginDecision | { readonly outcome: "abandoned" };

/** Decides who may log in. Nothing here knows the wire. */
export interface Authenticator {
  checkPassword(request: PasswordRequest): Promise<LoginDecision>;
  /** Asks the client what the user, or a plugin, wants answered. */
  checkKeyboardInteractive(request: KeyboardRequest): Promise<KeyboardDecision>;
  /** Says whether this key would do; that the client owns it is for the caller to verify. */
  checkPublicKey(request: PublicKeyRequest): Promise<LoginDecision>;
  /** Takes the session's place, at the moment of success. `undefined` when there is none left. */
  openSession(user: User): SessionSlot | undefined;
}

export interface AuthenticatorOptions {
  readonly users: Pick<UserStore, "findUser" | "recordLogin">;
  readonly hasher: PasswordHasher;
  readonly sessions: SessionRegistry;
  /** Decide instead of the stored credentials where they are configured to. */
  readonly plugins?: AuthPlugins;
  /** Absent: users with a second factor are refused where a code would be asked for. */
  readonly secondFactor?: SecondFactor;
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
  return new StoreAuthenticator(options);
}

const CODE_QUESTION = "Authentication code: ";
const PASSWORD_QUESTION = "Password: ";

class StoreAuthenticator implements Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #clock: () => number;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
  }

  async checkPassword(request: PasswordRequest): Promise<LoginDecision> {
    const login = await this.#begin(request);
    const plugins = this.#deciding("password", login);
    if (plugins === undefined) {
      const end = await this.#checkStoredPassword(login.stored, request.password, request);
      return end.outcome === "passed" && login.stored !== undefined
        ? this.#passGate(login.stored, request, request.method)
        : refusedBy(end);
    }
    const verdict = await plugins.checkPassword({ ...login, password: request.password });
    if (verdict.outcome === "refused") {
      return refusedBy(verdict);
    }
    // The password need not be compared: it is the stored one now.
    const problem = this.#accountProblem(verdict.user, "password");
    return problem === undefined
      ? this.#passGate(verdict.user, request, request.method)
      : refused("credentials", problem);
  }

  async checkKeyboardInteractive(request: KeyboardRequest): Promise<KeyboardDecision> {
    return this.#options.plugins?.handles("keyboardInteractive") === true
      ? await this.#converse(request)
      : await this.#askForPassword(request);
  }

  async checkPublicKey(request: PublicKeyRequest): Promise<LoginDecision> {
    const login = await this.#begin(request);
    const plugins = this.#deciding("publicKey", login);
    const verdict = await plugins?.checkPublicKey({ ...login, keyLine: formatKeyLine(request.blob) });
    if (verdict?.outcome === "refused") {
      return refusedBy(verdict);
    }
    const user = verdict?.user ?? login.stored;
    if (user === undefined) {
      return unknownUser();
    }
    const problem = this.#accountProblem(user, "key");
    if (problem !== undefined || !hasPublicKey(user.publicKeys, request.blob)) {
      return refused("credentials", problem ?? WRONG_CREDENTIALS);
    }
    const nextSteps = secondStepsAfterKey(user);
    return nextSteps.length === 0 ? this.#passGate(user, request, "publickey") : { outcome: "partial", nextSteps };
  }

  openSession(user: User): SessionSlot | undefined {
    const { sessions, users, onRecordFailure } = this.#options;
    const slot = sessions.open(user.username, user.maxSessions);
    if (slot !== undefined) {
      users.recordLogin(user.username, this.#clock()).catch((error: unknown) => {
        onRecordFailure?.(error);
      });
    }
    return slot;
  }

  async #begin({ username, ip, signal }: LoginRequest): Promise<PluginLogin> {
    const name = normaliseUsername(username, this.#options.namingRules);
    const stored = await this.#options.users.findUser(name);
    return { username: name, ip, stored, ...(signal === undefined ? {} : { signal }) };
  }

  #deciding(scope: AuthScopeName, { stored }: PluginLogin): AuthPlugins | undefined {
    const { plugins } = this.#options;
    return plugins?.decide(scope, stored) === true ? plugins : undefined;
  }

  /** The stored password, and the rules SFTPGo looks at together with it. */
  async #checkStoredPassword(
    user: User | undefined,
    password: string,
    request: LoginRequest,
  ): Promise<ConversationEnd> {
    const { hasher } = this.#options;
    const ticket = workTicket(request);
    if (user === undefined) {
      await hasher.verifyNothing(password, ticket);
      return { outcome: "refused", isUnknownUser: true, message: UNKNOWN_USER };
    }
    // Always computed, so that a disabled user takes as long as an enabled one.
    const verdict = await verifyStored(hasher, password, user, ticket);
    const nowMs = this.#clock();
    const problem: Pick<Refusal, "message"> | undefined =
      checkAccount(user, nowMs) ?? refusalOf(verdict, user) ?? checkPasswordAge(user, nowMs);
    return problem === undefined ? PASSED : refusedConversation(problem.message);
  }

  #accountProblem(user: User, credentials: "key" | "password"): string | undefined {
    const nowMs = this.#clock();
    const problem =
      checkAccount(user, nowMs) ?? (credentials === "password" ? checkPasswordAge(user, nowMs) : undefined);
    return problem?.message;
  }

  /** The question goes out before anybody is looked for: it is the same for all, and clients may drop it at once. */
  async #askForPassword(request: KeyboardRequest): Promise<KeyboardDecision> {
    const answer = await askOne(request.ask, PASSWORD_QUESTION);
    const { stored } = await this.#begin(request);
    const end = typeof answer === "string" ? await this.#checkStoredPassword(stored, answer, request) : answer;
    const last = end.outcome === "passed" && stored !== undefined ? await this.#askSecondFactor(stored, request) : end;
    return this.#finishConversation(stored, last, request);
  }

  async #converse(request: KeyboardRequest): Promise<KeyboardDecision> {
    const login = await this.#begin(request);
    const plugins = this.#deciding("keyboardInteractive", login);
    if (plugins === undefined) {
      return await this.#askForPassword(request);
    }
    const verdict = await plugins.checkKeyboardInteractive(login);
    if (verdict.outcome === "refused") {
      return refusedBy(verdict);
    }
    const end = await this.#letPluginAsk(plugins, verdict.user, request);
    // A conversation may take minutes: who was disabled or removed meanwhile does not get in.
    const user = end.outcome === "passed" ? await this.#options.users.findUser(verdict.user.username) : verdict.user;
    const problem = user === undefined ? undefined : this.#accountProblem(user, "key");
    return end.outcome === "passed" && problem !== undefined
      ? refused("credentials", problem)
      : this.#finishConversation(user, end, request);
  }

  #finishConversation(user: User | undefined, end: ConversationEnd, request: KeyboardRequest): KeyboardDecision {
    if (end.outcome === "abandoned") {
      return end;
    }
    return end.outcome === "passed" && user !== undefined
      ? this.#passGate(user, request, request.method)
      : refusedBy(end);
  }

  async #letPluginAsk(plugins: AuthPlugins, user: User, request: KeyboardRequest): Promise<ConversationEnd> {
    let hasSecondFactor = false;
    const end = await converse({
      plugins,
      user,
      ip: request.ip,
      ask: request.ask,
      checkPassword: async (password) => await this.#checkStoredPassword(user, password, request),
      checkSecondFactor: async (code) => {
        const checked = await this.#checkSecondFactor(user, code, request);
        hasSecondFactor ||= checked.outcome === "passed";
        return checked;
      },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    if (end.outcome !== "passed") {
      return end;
    }
    // A code is good for one login only: asking for it again would keep the user out.
    return hasSecondFactor ? PASSED : await this.#askSecondFactor(user, request);
  }

  async #askSecondFactor(user: User, request: KeyboardRequest): Promise<ConversationEnd> {
    const { secondFactor } = this.#options;
    const isNeeded = secondFactor?.isNeededFor(user) ?? user.filters.totpEnabled;
    if (!isNeeded) {
      return PASSED;
    }
    if (secondFactor === undefined) {
      return refusedConversation(`user "${user.username}" has a second factor, not supported here`);
    }
    const answer = await askOne(request.ask, CODE_QUESTION);
    return typeof answer === "string" ? await this.#checkSecondFactor(user, answer, request) : answer;
  }

  async #checkSecondFactor(user: User, code: string, { signal }: LoginRequest): Promise<ConversationEnd> {
    const { secondFactor } = this.#options;
    const isRight = await secondFactor?.verifyTotp(user, code, signal === undefined ? {} : { signal });
    return isRight === true ? PASSED : refusedConversation(WRONG_CREDENTIALS);
  }

  #passGate(user: User, request: LoginRequest, method: LoginMethod): LoginDecision {
    const openSessions = this.#options.sessions.count(user.username);
    const problem = checkGate(user, { ip: request.ip, method, openSessions });
    return problem === undefined ? { outcome: "accepted", user } : refused("gate", problem.message);
  }
}

async function askOne(ask: AskClient, prompt: string): Promise<string | ConversationEnd> {
  const answers = await ask({ instructions: "", questions: [{ prompt, echo: false }] });
  if (answers === undefined) {
    return ABANDONED;
  }
  const [answer] = answers;
  return answer === undefined || answers.length !== 1 ? refusedConversation(WRONG_NUMBER_OF_ANSWERS) : answer;
}

function workTicket({ ip, signal }: LoginRequest): WorkTicket {
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

/** Whatever is no refusal by then is no login either. */
function refusedBy(end: ConversationEnd | PluginVerdict): LoginDecision {
  return end.outcome === "refused" ? { ...end, stage: "credentials" } : refused("credentials", WRONG_CREDENTIALS);
}

function refused(stage: "credentials" | "gate", message: string): LoginDecision {
  return { outcome: "refused", stage, isUnknownUser: false, message };
}

function unknownUser(): LoginDecision {
  return { outcome: "refused", stage: "credentials", isUnknownUser: true, message: UNKNOWN_USER };
}

import { setTimeout as delay } from "node:timers/promises";

import type {
  AuthContext,
  AuthenticationType,
  KeyboardAuthContext,
  PasswordAuthContext,
  PublicKeyAuthContext,
} from "ssh2";

import type { User } from "../domain/user.ts";
import type { Authenticator, LoginDecision } from "../login/authenticator.ts";
import type { KeyboardRound } from "../login/keyboard-conversation.ts";
import type { SessionSlot } from "../login/session-registry.ts";
import { isSignedBy, signatureAlgorithm } from "./public-key-signature.ts";

/** What the dialogue tells about itself; the connection turns it into events and log lines. */
export interface LoginReport {
  /** A password or an answer was refused. */
  onPasswordFailure(failure: LoginFailure): void;
  /** The last step succeeded and SSH has granted the login; called before the client hears of it. */
  onSuccess(login: LoginSuccess): void;
  /** The client used up its tries; the connection should end. */
  onTooManyTries(): void;
  /** The client did not wait while its password was being checked; the connection should end. */
  onImpatience(): void;
}

export interface LoginSuccess {
  /** As the client sent it. A plugin may have it log in as another user. */
  readonly username: string;
  readonly user: User;
  readonly slot: SessionSlot;
  readonly method: string;
}

export interface LoginFailure {
  readonly username: string;
  readonly isUnknownUser: boolean;
  /** Reaches plugins. */
  readonly message: string;
  /** Which auth plugin said no or could not be asked, for the log. */
  readonly plugin?: string;
}

export interface LoginPolicy {
  readonly maxTries: number;
  readonly passwordAuthentication: boolean;
  readonly keyboardInteractive: boolean;
  /** Signature algorithms accepted for users' keys. */
  readonly publicKeyAlgorithms: readonly string[];
  /** Milliseconds a refused password is kept waiting. */
  readonly failureDelayMs: number;
}

export interface LoginDialogueOptions {
  readonly ip: string;
  readonly authenticator: Authenticator;
  readonly policy: LoginPolicy;
  readonly report: LoginReport;
  /** Aborted when the connection ends: nothing is answered afterwards. */
  readonly signal: AbortSignal;
  /** Whether the client is logged in for SSH, which may have forgotten a request by the time it is accepted. */
  readonly isGranted: () => boolean;
}

const INVALID_SIGNATURE = "invalid signature";
const IMPATIENT = "another request came while the password was being checked";
/** Offered keys whose decision is kept for when they are offered again with a signature, as Go's SSH server does. */
const MAX_REMEMBERED_KEYS = 16;

/** The request being worked on. */
interface CurrentRequest {
  readonly context: AuthContext;
  /** A question is open; otherwise the answer is up to us. */
  isAsking: boolean;
}

/** One client's way through the login: its requests, tries, and the first of two steps. */
export class LoginDialogue {
  readonly #options: LoginDialogueOptions;
  #requests = 0;
  #failures = 0;
  #keyFailure: LoginFailure | undefined;
  #current: CurrentRequest | undefined;
  /** What was decided about a user's key: asked of store and plugins once, however often the key is offered. */
  readonly #keyDecisions = new Map<string, LoginDecision>();
  /** Whose key was right, and which steps must follow it. */
  #firstStep: { readonly username: string; readonly nextSteps: readonly string[] } | undefined;

  constructor(options: LoginDialogueOptions) {
    this.#options = options;
  }

  /** Whether the client asked for a login at all, be it with `none`. */
  get isTried(): boolean {
    return this.#requests > 0;
  }

  /** The last refused key. SFTPGo reports keys once, when the connection ends without a login. */
  get keyFailure(): LoginFailure | undefined {
    return this.#keyFailure;
  }

  /** Who was asked for a password and has not answered. */
  get openQuestion(): string | undefined {
    return this.#current?.isAsking === true ? this.#current.context.username : undefined;
  }

  /** Handles one request. Never rejects. */
  async answer(context: AuthContext): Promise<void> {
    if (this.#isGone()) {
      return; // it went on asking after we said goodbye
    }
    this.#requests += 1;
    if (!this.#mayFollow()) {
      return;
    }
    this.#current = { context, isAsking: false };
    switch (context.method) {
      case "none":
        this.#reject(context, this.#requests > 1);
        return;
      case "password":
        await this.#answerPassword(context);
        return;
      case "publickey":
        await this.#answerPublicKey(context);
        return;
      case "keyboard-interactive":
        await this.#answerKeyboard(context);
        return;
      default:
        this.#reject(context);
    }
  }

  /**
   * Whether a request may be looked at. ssh2 keeps requests until the one before is answered, except after
   * keyboard-interactive, where a new request abandons the old one (RFC 4252 section 5.1). A question left open costs a
   * try. A password being checked cannot be abandoned: the work goes on, and one client could have any number of them
   * checked side by side, or be taken for logged in by the answer to a request that SSH has forgotten.
   */
  #mayFollow(): boolean {
    const last = this.#current;
    if (last === undefined) {
      return true;
    }
    const { report } = this.#options;
    if (!last.isAsking) {
      report.onPasswordFailure({ username: last.context.username, isUnknownUser: false, message: IMPATIENT });
      report.onImpatience();
      return false;
    }
    this.#failures += 1;
    return !this.#endAfterLastTry();
  }

  async #answerPassword(context: PasswordAuthContext): Promise<void> {
    // A request to change the password has an object here.
    const password: unknown = context.password;
    if (!this.#isOffered("password") || typeof password !== "string") {
      this.#reject(context);
      return;
    }
    const { authenticator, ip, signal } = this.#options;
    const { username } = context;
    const method = this.#methodOf(username, "password");
    const decision = await settle(authenticator.checkPassword({ username, ip, password, method, signal }));
    await this.#finish(context, decision, method);
  }

  async #answerKeyboard(context: KeyboardAuthContext): Promise<void> {
    if (!this.#isOffered("keyboard-interactive")) {
      this.#reject(context);
      return;
    }
    const { authenticator, ip, signal } = this.#options;
    const { username } = context;
    const method = this.#methodOf(username, "keyboard-interactive");
    const ask = async (round: KeyboardRound): Promise<readonly string[] | undefined> => await this.#ask(context, round);
    const decision = await settle(authenticator.checkKeyboardInteractive({ username, ip, method, signal, ask }));
    if (decision.outcome !== "abandoned") {
      await this.#finish(context, decision, method);
    }
  }

  #methodOf<const Step extends "keyboard-interactive" | "password">(
    username: string,
    step: Step,
  ): Step | `publickey+${Step}` {
    return this.#firstStep?.username === username ? `publickey+${step}` : step;
  }

  async #finish(
    context: KeyboardAuthContext | PasswordAuthContext,
    decision: LoginDecision,
    method: string,
  ): Promise<void> {
    const { report, policy } = this.#options;
    if (decision.outcome === "accepted" && this.#succeed(context, decision.user, method)) {
      return;
    }
    if (this.#isGone()) {
      return;
    }
    report.onPasswordFailure({ username: context.username, ...whyNot(decision) });
    await this.#pause(policy.failureDelayMs);
    this.#reject(context);
  }

  async #answerPublicKey(context: PublicKeyAuthContext): Promise<void> {
    const { policy } = this.#options;
    const { username, key } = context;
    if (!policy.publicKeyAlgorithms.includes(signatureAlgorithm(context)) || this.#firstStep !== undefined) {
      this.#reject(context);
      return;
    }
    const decision = await this.#decideKey(username, key.data);
    if (this.#isGone()) {
      return;
    }
    if (decision.outcome === "refused") {
      // A right key that a rule refuses is reported nowhere, as in SFTPGo.
      if (decision.stage === "credentials") {
        this.#keyFailure = { username, ...whyNot(decision) };
      }
      this.#reject(context);
    } else if (context.signature === undefined) {
      this.#current = undefined;
      context.accept(); // "this key would do" (RFC 4252 section 7); the signature comes with the next request
    } else if (!isSignedBy(context)) {
      this.#keyFailure = { username, isUnknownUser: false, message: INVALID_SIGNATURE };
      this.#reject(context);
    } else if (decision.outcome === "partial") {
      this.#firstStep = { username, nextSteps: decision.nextSteps.filter((step) => this.#isEnabled(step)) };
      this.#current = undefined;
      context.reject(this.#methods(), true);
    } else if (!this.#succeed(context, decision.user, "publickey")) {
      this.#reject(context);
    }
  }

  async #decideKey(username: string, blob: Buffer): Promise<LoginDecision> {
    const { authenticator, ip, signal } = this.#options;
    const id = `${blob.toString("base64")} ${username}`;
    const known = this.#keyDecisions.get(id);
    if (known !== undefined) {
      return known;
    }
    const decision = await settle(authenticator.checkPublicKey({ username, ip, blob, signal }));
    if (this.#keyDecisions.size < MAX_REMEMBERED_KEYS) {
      this.#keyDecisions.set(id, decision);
    }
    return decision;
  }

  /** False when the connection or the request is gone, or the user's last free session was taken meanwhile. */
  #succeed(context: AuthContext, user: User, method: string): boolean {
    if (this.#isGone()) {
      return false;
    }
    const slot = this.#options.authenticator.openSession(user);
    if (slot === undefined) {
      return false;
    }
    let isGranted = false;
    try {
      context.accept();
      isGranted = this.#options.isGranted();
    } finally {
      if (!isGranted) {
        slot.release();
      }
    }
    if (isGranted) {
      this.#options.report.onSuccess({ username: context.username, user, slot, method });
    }
    return isGranted;
  }

  #reject(context: AuthContext, counts = true): void {
    if (this.#isGone()) {
      return;
    }
    this.#failures += counts ? 1 : 0;
    this.#current = undefined;
    context.reject(this.#methods()); // ssh2 hands over the next request in here
    this.#endAfterLastTry();
  }

  #endAfterLastTry(): boolean {
    const isOver = this.#failures >= this.#options.policy.maxTries;
    if (isOver) {
      this.#options.report.onTooManyTries();
    }
    return isOver;
  }

  /** Asks the client; `undefined` when it went on to something else (RFC 4252 section 5.1) or is gone. */
  async #ask(context: KeyboardAuthContext, round: KeyboardRound): Promise<readonly string[] | undefined> {
    const { signal } = this.#options;
    if (this.#isGone() || this.#current?.context !== context) {
      return undefined;
    }
    const current: CurrentRequest = { context, isAsking: true };
    this.#current = current;
    const { promise, resolve } = Promise.withResolvers<readonly string[] | undefined>();
    const giveUp = (): void => {
      resolve(undefined); // the question stays open: it is reported when the connection ends
    };
    signal.addEventListener("abort", giveUp, { once: true });
    const prompts = round.questions.map(({ prompt, echo }) => ({ prompt, echo }));
    context.prompt(prompts, "", round.instructions, (answers: unknown) => {
      if (Array.isArray(answers)) {
        current.isAsking = false; // at once: the next request may be in the same piece of data
        resolve(answers.map(String));
      } else {
        resolve(undefined);
      }
    });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  #methods(): AuthenticationType[] {
    const all: readonly AuthenticationType[] = ["password", "publickey", "keyboard-interactive"];
    return all.filter((method) => this.#isOffered(method));
  }

  #isOffered(method: string): boolean {
    return this.#firstStep?.nextSteps.includes(method) ?? this.#isEnabled(method);
  }

  #isEnabled(method: string): boolean {
    const { passwordAuthentication, keyboardInteractive } = this.#options.policy;
    return (
      method === "publickey" ||
      (method === "password" && passwordAuthentication) ||
      (method === "keyboard-interactive" && keyboardInteractive)
    );
  }

  #isGone(): boolean {
    return this.#options.signal.aborted;
  }

  async #pause(durationMs: number): Promise<void> {
    if (durationMs > 0) {
      // An abort only ends the wait; the caller looks at the signal itself.
      await delay(durationMs, undefined, { signal: this.#options.signal }).catch(() => undefined);
    }
  }
}

/** A store that fails must refuse, not let in; the reason is for the log only. */
async function settle<Decision>(decision: Promise<Decision>): Promise<Decision | LoginDecision> {
  try {
    return await decision;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { outcome: "refused", stage: "credentials", isUnknownUser: false, message };
  }
}

function whyNot(decision: LoginDecision): Omit<LoginFailure, "username"> {
  if (decision.outcome !== "refused") {
    return { isUnknownUser: false, message: "too many open sessions" };
  }
  const { isUnknownUser, message, plugin } = decision;
  return { isUnknownUser, message, ...(plugin === undefined ? {} : { plugin }) };
}

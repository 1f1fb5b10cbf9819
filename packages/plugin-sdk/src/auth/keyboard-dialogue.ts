/** How questions are put. */
export interface AskOptions {
  /** Whether the client may show what is typed, for all questions or for each. Default: it must not. */
  readonly echo?: boolean | readonly boolean[];
  /** Shown before the questions. */
  readonly instructions?: string;
}

/** How the one question is put whose answer the server checks. */
export interface CheckOptions {
  /** What the client shows; its answer is not shown. */
  readonly prompt?: string;
  /** Shown before the question. */
  readonly instructions?: string;
}

/**
 * A keyboard-interactive login as a conversation. A promise that waits for an answer rejects, with the reason of
 * `context.signal`, when there will be none: the client went away or gave a wrong answer to what the server checks, two
 * minutes have passed, the plugin ends.
 */
export interface KeyboardDialogue {
  /** The same in all rounds of the login. */
  readonly requestId: string;
  readonly username: string;
  /** The stored password's hash, or nothing when there is none. */
  readonly passwordHash: string;
  /** The client's address without port. */
  readonly ip: string;
  /** Puts one or more questions in one round; resolves to an answer for each. */
  ask(prompts: readonly string[], options?: AskOptions): Promise<readonly string[]>;
  /** Lets the server ask for the user's password, and check it. Resolves when it was right. Default prompt: `Password: `. */
  checkPassword(options?: CheckOptions): Promise<void>;
  /**
   * Lets the server ask for a code of the user's second factor, and check it; the login fails for one without. Resolves
   * when it was right. Default prompt: `Authentication code: `.
   */
  checkSecondFactor(options?: CheckOptions): Promise<void>;
}

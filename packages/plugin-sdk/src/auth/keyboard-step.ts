import type { Denied } from "../denied.ts";
import { noResult, toStatus } from "../rpc/refusals.ts";
import type { KeyboardStepResponse } from "./auth-messages.ts";

/** How a keyboard-interactive login goes on. */
export type KeyboardStep = KeyboardQuestions | Accepted | Denied;

/** How a keyboard-interactive login ends. */
export type KeyboardResult = Accepted | Denied;

/** Another round: the client shows the questions and sends an answer to each. */
export interface KeyboardQuestions {
  readonly outcome: "ask";
  /** Shown before the questions. */
  readonly instructions?: string;
  /** At least one. */
  readonly questions: readonly KeyboardQuestion[];
  /**
   * Lets the server check the answer, to the only question: as the user's password, or as code of their second factor. The
   * next step comes only if it was right, with the answer `OK`.
   */
  readonly check?: "password" | "second-factor";
}

/** One line to answer. */
export interface KeyboardQuestion {
  readonly prompt: string;
  /** Whether the client may show what is typed. */
  readonly echo: boolean;
}

/** The login is right as far as the plugin is concerned; the server may still ask for its own second factor. */
export interface Accepted {
  readonly outcome: "accepted";
}

/** Ends a keyboard-interactive login well. */
export function accepted(): Accepted {
  return { outcome: "accepted" };
}

/** What the server puts in the place of an answer that it checked. */
export const CHECKED_ANSWER = "OK";

/** What lets the server check an answer, as it travels. */
export const SERVER_CHECKS = { password: 1, "second-factor": 2 } as const;

const acceptedStep: KeyboardStepResponse = {
  instructions: "",
  questions: [],
  echos: [],
  authResult: 1,
  checkPassword: 0,
};

/** A round as it travels. Throws TypeError for one that a server would refuse, or understand otherwise. */
export function toStepResponse({ instructions = "", questions, check }: KeyboardQuestions): KeyboardStepResponse {
  if (questions.length === 0)
    throw new TypeError("keyboard-interactive: a step without questions, expected at least one");
  if (check !== undefined && questions.length !== 1) {
    throw new TypeError(
      `keyboard-interactive: the server checks the answer to one question, not to ${questions.length}`,
    );
  }
  return {
    instructions,
    questions: questions.map(({ prompt }) => prompt),
    echos: questions.map(({ echo }) => echo),
    authResult: 0,
    checkPassword: check === undefined ? 0 : SERVER_CHECKS[check],
  };
}

/** What the server is told of a result: the last step's answer, or why there is none. */
export function toLastResponse(handler: string, result: KeyboardResult | undefined): KeyboardStepResponse | Error {
  switch (result?.outcome) {
    case "accepted":
      return acceptedStep;
    case "denied":
      return toStatus(result);
    default:
      return noResult(handler, "accepted() or denied()");
  }
}

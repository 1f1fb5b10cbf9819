import { GrpcError } from "@fairlead/grpc";
import type { AuthClient } from "../auth/auth-client.ts";
import type { KeyboardStepRequest, KeyboardStepResponse } from "../auth/auth-messages.ts";
import { CHECKED_ANSWER, SERVER_CHECKS } from "../auth/keyboard-step.ts";
import { makeKeyboardStep } from "./make-auth-requests.ts";

/** Somebody who logs in, and what the server knows about them. */
export interface KeyboardUser {
  /** Answers the questions of one round. */
  answer(round: KeyboardStepResponse): readonly string[];
  /** What the server finds right when the plugin lets it check the password. Default: anything. */
  readonly password?: string;
  /** What the server finds right when the plugin lets it check the second factor. Default: anything. */
  readonly code?: string;
}

/**
 * Leads a keyboard-interactive login from its first step to its end, in the server's place. Resolves to whether the user
 * is in; rejects when the plugin failed.
 */
export async function logInByKeyboard(
  client: AuthClient,
  user: KeyboardUser,
  first: Partial<KeyboardStepRequest> = {},
): Promise<boolean> {
  let request = makeKeyboardStep(first);
  try {
    for (;;) {
      const round = await client.sendKeyboardStep(request);
      if (round.authResult !== 0) return round.authResult === 1;
      const answers = checkAnswers(user, round);
      if (answers === undefined) return false;
      request = { ...request, ip: "", questions: round.questions, answers, step: request.step + 1 };
    }
  } catch (error) {
    if (GrpcError.is(error, "PERMISSION_DENIED")) return false;
    throw error;
  }
}

/** What the plugin gets to see of the answers; `undefined` when the server ends the login because one was wrong. */
function checkAnswers(user: KeyboardUser, round: KeyboardStepResponse): readonly string[] | undefined {
  const answers = user.answer(round);
  if (round.checkPassword === 0 || answers.length !== 1) return answers;
  const right = round.checkPassword === SERVER_CHECKS["second-factor"] ? user.code : user.password;
  return right === undefined || answers[0] === right ? [CHECKED_ANSWER] : undefined;
}

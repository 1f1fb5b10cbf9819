import type { KeyboardStepResponse } from "@fairlead/plugin-sdk/client";

import type { User } from "../domain/user.ts";
import type { AuthPlugins, PluginRefusal } from "./auth-plugins.ts";
import { createRequestId } from "./request-id.ts";

/** Questions shown to the client together. */
export interface KeyboardRound {
  readonly instructions: string;
  readonly questions: readonly KeyboardQuestion[];
}

export interface KeyboardQuestion {
  readonly prompt: string;
  /** Whether the client may show what is typed. */
  readonly echo: boolean;
}

/** Asks the client; `undefined` when it went on to something else, or is gone. */
export type AskClient = (round: KeyboardRound) => Promise<readonly string[] | undefined>;

/** How a conversation ended. `abandoned`: nobody waits for an answer. */
export type ConversationEnd = { readonly outcome: "abandoned" } | { readonly outcome: "passed" } | PluginRefusal;

export const PASSED: ConversationEnd = { outcome: "passed" };
export const ABANDONED: ConversationEnd = { outcome: "abandoned" };

export const WRONG_NUMBER_OF_ANSWERS = "the client did not answer each question once";

/** Rounds a plugin may ask. Each costs the client an answer; the time for all of them is the login grace. */
const MAX_STEPS = 100;
/** What fits into one SSH packet with room to spare (RFC 4253 section 6.1), and onto a screen. */
const MAX_QUESTIONS = 100;
const MAX_ROUND_BYTES = 16 * 1024;
const ACCEPTED = 1;
const CHECK_SECOND_FACTOR = 2;
/** What a plugin sees in place of an answer the host has found right. */
const RIGHT_ANSWER = "OK";

export interface PluginConversation {
  readonly plugins: Pick<AuthPlugins, "step">;
  readonly user: User;
  readonly ip: string;
  readonly ask: AskClient;
  /** Whether this is the user's password; otherwise why it does not do. */
  readonly checkPassword: (password: string) => Promise<ConversationEnd>;
  readonly checkSecondFactor: (code: string) => Promise<ConversationEnd>;
  readonly signal?: AbortSignal;
}

interface Answered {
  readonly questions: readonly string[];
  readonly answers: readonly string[];
}

/** Carries questions from a plugin to the client and answers back until the plugin has decided. */
export async function converse(conversation: PluginConversation): Promise<ConversationEnd> {
  const { plugins, user, ip, signal } = conversation;
  const requestId = createRequestId();
  let last: Answered = { questions: [], answers: [] };
  for (let step = 1; step <= MAX_STEPS; step += 1) {
    const reply = await plugins.step(
      {
        requestId,
        username: user.username,
        password: user.passwordHash,
        ip: step === 1 ? ip : "", // as observed
        answers: last.answers,
        questions: last.questions,
        step,
      },
      signal,
    );
    if ("outcome" in reply) {
      return reply;
    }
    const verdict = verdictOf(reply);
    if (verdict !== undefined) {
      return verdict;
    }
    const answered = await askRound(reply, conversation);
    if ("outcome" in answered) {
      return answered;
    }
    last = answered;
  }
  return refusedConversation(`interactive auth error: the plugin asked more than ${MAX_STEPS} times`);
}

async function askRound(
  { instructions, questions, echos, checkPassword }: KeyboardStepResponse,
  conversation: PluginConversation,
): Promise<Answered | ConversationEnd> {
  const answers = await conversation.ask({
    instructions,
    questions: questions.map((prompt, index) => ({ prompt, echo: echos[index] === true })),
  });
  if (answers === undefined) {
    return ABANDONED;
  }
  const [answer] = answers;
  if (answer === undefined || answers.length !== questions.length) {
    return refusedConversation(WRONG_NUMBER_OF_ANSWERS);
  }
  if (checkPassword <= 0 || answers.length !== 1) {
    return { questions, answers };
  }
  const end = await (checkPassword === CHECK_SECOND_FACTOR
    ? conversation.checkSecondFactor(answer)
    : conversation.checkPassword(answer));
  return end.outcome === "passed" ? { questions, answers: [RIGHT_ANSWER] } : end;
}

/** `undefined` while the plugin has more questions. */
function verdictOf({ authResult, questions, echos, instructions }: KeyboardStepResponse): ConversationEnd | undefined {
  if (authResult !== 0) {
    return authResult === ACCEPTED
      ? PASSED
      : refusedConversation(`keyboard interactive auth failed, result: ${authResult}`);
  }
  if (questions.length === 0) {
    return refusedConversation("interactive auth error: response does not contain questions");
  }
  if (questions.length !== echos.length) {
    return refusedConversation(
      `interactive auth error: response questions don't match echos: ${questions.length} ${echos.length}`,
    );
  }
  const sizeBytes = [instructions, ...questions].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return questions.length > MAX_QUESTIONS || sizeBytes > MAX_ROUND_BYTES
    ? refusedConversation("interactive auth error: response is too large to be shown")
    : undefined;
}

export function refusedConversation(message: string): ConversationEnd {
  return { outcome: "refused", isUnknownUser: false, message };
}

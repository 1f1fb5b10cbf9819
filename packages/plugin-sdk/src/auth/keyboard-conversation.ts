import { GrpcError } from "@fairlead/grpc";
import type { KeyboardStepRequest, KeyboardStepResponse } from "./auth-messages.ts";
import type { AskOptions, CheckOptions, KeyboardDialogue } from "./keyboard-dialogue.ts";
import { CHECKED_ANSWER, toStepResponse } from "./keyboard-step.ts";
import type { KeyboardQuestions } from "./keyboard-step.ts";

type State =
  /** The handler works: the server waits for the answer to a step. */
  | { readonly status: "working"; readonly response: PromiseWithResolvers<KeyboardStepResponse> }
  /** The client answers: the handler waits for the server's next step. */
  | {
      readonly status: "asking";
      readonly ask: KeyboardQuestions;
      readonly answers: PromiseWithResolvers<readonly string[]>;
    }
  | { readonly status: "ended" };

/**
 * One keyboard-interactive login: a handler on one side, which asks and waits, and on the other a server that sends what was
 * answered, step by step, and waits for what to ask next. Either waits for the other, never both.
 */
export class KeyboardConversation implements KeyboardDialogue {
  readonly requestId: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly ip: string;
  /** The answer to the first step; rejects when the login ends without. */
  readonly firstResponse: Promise<KeyboardStepResponse>;
  readonly #ending = new AbortController();
  readonly #onEnd: () => void;
  #state: State;
  #step = 1;

  /** @param onEnd called once, when the login has ended one way or the other */
  constructor({ requestId, username, password, ip }: KeyboardStepRequest, onEnd: () => void) {
    this.requestId = requestId;
    this.username = username;
    this.passwordHash = password;
    this.ip = ip;
    this.#onEnd = onEnd;
    const response = Promise.withResolvers<KeyboardStepResponse>();
    this.firstResponse = response.promise;
    this.#state = { status: "working", response };
  }

  /** Aborted when the login ends before its handler. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The next step has come: gives the answers to the handler, and resolves to what that asks next. */
  async continue({ step, username, answers }: KeyboardStepRequest): Promise<KeyboardStepResponse> {
    const state = this.#state;
    if (state.status !== "asking" || step !== this.#step + 1 || username !== this.username) {
      return this.#refuse(outOfOrder(step));
    }
    const problem = findWrongAnswers(state.ask, answers);
    if (problem !== undefined) return this.#refuse(problem);
    const response = Promise.withResolvers<KeyboardStepResponse>();
    this.#step = step;
    this.#state = { status: "working", response };
    state.answers.resolve(answers);
    return await response.promise;
  }

  /** The handler has ended. */
  finish(response: KeyboardStepResponse | Error): void {
    const state = this.#end();
    if (state.status === "asking") state.answers.reject(hasEnded(this.signal));
    if (state.status !== "working") return;
    if (response instanceof Error) state.response.reject(response);
    else state.response.resolve(response);
  }

  /** Ends the login, which fails, with what its handler will see as reason. Nothing happens to one that has ended. */
  abort(reason: Error): void {
    const state = this.#end();
    if (state.status === "ended") return;
    if (state.status === "working") state.response.reject(reason);
    else state.answers.reject(reason);
    this.#ending.abort(reason);
  }

  ask(prompts: readonly string[], options: AskOptions = {}): Promise<readonly string[]> {
    return lookedAtLate(this.#askAll(prompts, options));
  }

  checkPassword(options: CheckOptions = {}): Promise<void> {
    return lookedAtLate(this.#check("password", { prompt: "Password: ", ...options }));
  }

  checkSecondFactor(options: CheckOptions = {}): Promise<void> {
    return lookedAtLate(this.#check("second-factor", { prompt: "Authentication code: ", ...options }));
  }

  async #askAll(prompts: readonly string[], { echo = false, instructions }: AskOptions): Promise<readonly string[]> {
    if (typeof echo !== "boolean" && echo.length !== prompts.length) {
      throw new TypeError(`keyboard-interactive: ${prompts.length} questions with ${echo.length} values of echo`);
    }
    const questions = prompts.map((prompt, index) => ({
      prompt,
      echo: typeof echo === "boolean" ? echo : echo[index] === true,
    }));
    return await this.#ask({ outcome: "ask", questions, ...(instructions !== undefined && { instructions }) });
  }

  async #check(
    check: "password" | "second-factor",
    { prompt, ...options }: CheckOptions & { readonly prompt: string },
  ): Promise<void> {
    await this.#ask({ outcome: "ask", questions: [{ prompt, echo: false }], check, ...options });
  }

  #ask(ask: KeyboardQuestions): Promise<readonly string[]> {
    const state = this.#state;
    if (state.status === "ended") throw hasEnded(this.#ending.signal);
    if (state.status === "asking") throw new TypeError("keyboard-interactive: asked before the last answer has come");
    const response = toStepResponse(ask);
    const answers = Promise.withResolvers<readonly string[]>();
    this.#state = { status: "asking", ask, answers };
    state.response.resolve(response);
    return answers.promise;
  }

  #refuse(problem: GrpcError): never {
    this.abort(problem);
    throw problem;
  }

  /** Returns what was before. */
  #end(): State {
    const state = this.#state;
    if (state.status !== "ended") {
      this.#state = { status: "ended" };
      this.#onEnd();
    }
    return state;
  }
}

/** A promise that its owner may look at late: it rejects meanwhile without ending the process. */
function lookedAtLate<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function findWrongAnswers({ questions, check }: KeyboardQuestions, answers: readonly string[]): GrpcError | undefined {
  if (answers.length !== questions.length) {
    return new GrpcError("INVALID_ARGUMENT", `${answers.length} answers to ${questions.length} questions`);
  }
  if (check === undefined || answers[0] === CHECKED_ANSWER) return undefined;
  return new GrpcError("INVALID_ARGUMENT", "the server did not check the answer that it was to check");
}

/** What ended the login, or a handler that goes on asking when it has itself ended it. */
function hasEnded({ aborted, reason }: AbortSignal): GrpcError {
  return aborted ? GrpcError.from(reason) : new GrpcError("CANCELLED", "keyboard-interactive: the login has ended");
}

function outOfOrder(step: number): GrpcError {
  return new GrpcError("FAILED_PRECONDITION", `keyboard-interactive: step ${step} is not the next one`);
}

import type { Logger } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/grpc";
import type { ServerCall } from "@fairlead/grpc";
import type { Awaitable, CallContext } from "../call-context.ts";
import type { KeyboardStepRequest, KeyboardStepResponse } from "./auth-messages.ts";
import { KeyboardConversation } from "./keyboard-conversation.ts";
import type { KeyboardDialogue } from "./keyboard-dialogue.ts";
import { toLastResponse } from "./keyboard-step.ts";
import type { KeyboardResult } from "./keyboard-step.ts";

/** What keeps logins that nobody ends from adding up. */
export interface ConversationLimits {
  readonly maxOpen: number;
  readonly lifetimeMs: number;
}

/** SSH servers give a login two minutes (OpenSSH's LoginGraceTime, SFTPGo's handshake deadline). */
const defaultLimits: ConversationLimits = { maxOpen: 1_000, lifetimeMs: 120_000 };

type Converse = (dialogue: KeyboardDialogue, context: CallContext) => Awaitable<KeyboardResult>;

/** The keyboard-interactive logins that are under way, by their request ids. */
export class KeyboardConversations {
  readonly #open = new Map<string, KeyboardConversation>();
  readonly #converse: Converse;
  readonly #logger: Logger;
  readonly #limits: ConversationLimits;

  constructor(converse: Converse, { logger, signal }: CallContext, limits: ConversationLimits = defaultLimits) {
    this.#converse = converse;
    this.#logger = logger;
    this.#limits = limits;
    signal.addEventListener("abort", () => this.#endAll(), { once: true });
  }

  /** How many have not ended. */
  get size(): number {
    return this.#open.size;
  }

  async step(request: KeyboardStepRequest, { signal }: Pick<ServerCall, "signal">): Promise<KeyboardStepResponse> {
    const conversation = this.#open.get(request.requestId);
    if (conversation !== undefined) return await endWith(signal, conversation, conversation.continue(request));
    const begun = this.#begin(request);
    return await endWith(signal, begun, begun.firstResponse);
  }

  #begin(request: KeyboardStepRequest): KeyboardConversation {
    const { requestId, step } = request;
    if (step !== 1) throw new GrpcError("FAILED_PRECONDITION", `keyboard-interactive: step ${step} of no open login`);
    if (requestId === "") throw new GrpcError("INVALID_ARGUMENT", "keyboard-interactive: a login without request id");
    if (this.#open.size >= this.#limits.maxOpen) this.#endOldest();
    const conversation = new KeyboardConversation(request, () => {
      clearTimeout(timer);
      this.#open.delete(requestId);
    });
    const timer = setTimeout(() => conversation.abort(tooLate(this.#limits)), this.#limits.lifetimeMs).unref();
    this.#open.set(requestId, conversation);
    void this.#run(conversation);
    return conversation;
  }

  async #run(conversation: KeyboardConversation): Promise<void> {
    const context = { signal: conversation.signal, logger: this.#logger };
    try {
      conversation.finish(toLastResponse("keyboardInteractive", await this.#converse(conversation, context)));
    } catch (error) {
      // One that ended first has told its handler why, and that is what the handler threw.
      if (conversation.signal.aborted) return;
      this.#logger.log("error", "handler failed", { method: "SendKeyboardAuthRequest", error });
      conversation.abort(GrpcError.from(error));
    }
  }

  /**
   * No server says so when a client goes away between two steps, and anybody can begin a login: it is the oldest that
   * nobody waits for any more, and the new ones must not be kept out by such.
   */
  #endOldest(): void {
    const reason = new GrpcError("RESOURCE_EXHAUSTED", `keyboard-interactive: ${this.#open.size} newer logins began`);
    const [oldest] = this.#open.values();
    oldest?.abort(reason);
  }

  #endAll(): void {
    const reason = new GrpcError("UNAVAILABLE", "keyboard-interactive: the plugin ends");
    for (const conversation of this.#open.values()) conversation.abort(reason);
  }
}

/** A server that does not wait for the answer to a step has given the login up. */
async function endWith(
  signal: AbortSignal,
  conversation: KeyboardConversation,
  response: Promise<KeyboardStepResponse>,
): Promise<KeyboardStepResponse> {
  const giveUp = (): void => conversation.abort(GrpcError.from(signal.reason));
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await response;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

function tooLate({ lifetimeMs }: ConversationLimits): GrpcError {
  return new GrpcError("DEADLINE_EXCEEDED", `keyboard-interactive: no end after ${lifetimeMs / 1_000} s`);
}

import type { Logger } from "@fairlead/go-plugin";
import type { ServerCall } from "@fairlead/grpc";
import type { Awaitable, EventContext } from "../call-context.ts";
import { EVENT_ID_METADATA } from "./event-id.ts";

/**
 * Runs a handler for one call. What it throws becomes the status UNKNOWN with its message, which is what Go's plugins
 * answer too; the stack, which does not travel, goes into the log.
 */
export function callHandler<Result>(
  handler: (context: EventContext) => Awaitable<Result>,
  call: ServerCall,
  logger: Logger,
): Awaitable<Result> {
  const context = new HandlerCall(call, logger);
  try {
    const running = handler(context);
    return isPromise(running) ? awaitHandler(running, context) : running;
  } catch (error) {
    return fail(error, context);
  }
}

function isPromise<Result>(running: Awaitable<Result>): running is Promise<Result> {
  return typeof running === "object" && running !== null && "then" in running;
}

async function awaitHandler<Result>(running: Promise<Result>, context: HandlerCall): Promise<Result> {
  try {
    return await running;
  } catch (error) {
    return fail(error, context);
  }
}

function fail(error: unknown, { path, eventId, logger }: HandlerCall): never {
  logger.log("error", "handler failed", { method: path.slice(path.lastIndexOf("/") + 1), eventId, error });
  throw error;
}

/** What most handlers never ask for is read when it is. */
class HandlerCall implements EventContext {
  readonly logger: Logger;
  readonly #call: ServerCall;

  constructor(call: ServerCall, logger: Logger) {
    this.#call = call;
    this.logger = logger;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get eventId(): string | undefined {
    return this.#call.metadata.get(EVENT_ID_METADATA);
  }

  get path(): string {
    return this.#call.path;
  }
}

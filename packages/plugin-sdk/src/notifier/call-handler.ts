import type { Logger } from "@fairlead/go-plugin";
import type { ServerCall } from "@fairlead/grpc";
import type { Awaitable, CallContext } from "../call-context.ts";
import { EVENT_ID_METADATA } from "./notifier-client.ts";

/**
 * Runs a handler for one call. What it throws becomes the status UNKNOWN with its message, which is what Go's plugins
 * answer too; the stack, which does not travel, goes into the log.
 */
export function callHandler(
  handler: (context: CallContext) => Awaitable<void>,
  call: ServerCall,
  logger: Logger,
): Awaitable<void> {
  const context = new NotifierCall(call, logger);
  try {
    const running = handler(context);
    return running === undefined ? undefined : awaitHandler(running, context);
  } catch (error) {
    return fail(error, context);
  }
}

async function awaitHandler(running: PromiseLike<void>, context: NotifierCall): Promise<void> {
  try {
    await running;
  } catch (error) {
    fail(error, context);
  }
}

function fail(error: unknown, { path, eventId, logger }: NotifierCall): never {
  logger.log("error", "handler failed", { method: path.slice(path.lastIndexOf("/") + 1), eventId, error });
  throw error;
}

/** What most handlers never ask for is read when it is. */
class NotifierCall implements CallContext {
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

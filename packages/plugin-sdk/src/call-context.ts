import type { Logger } from "@fairlead/go-plugin";

/** A value, or the promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** What a handler knows about the call it answers. Read what you need: copies (`{ ...context }`) lack most of it. */
export interface CallContext {
  /** Aborted when the server gave up waiting (20 s in SFTPGo and Fairlead), cancelled the call or went away. */
  readonly signal: AbortSignal;
  /** Writes to the server's log. */
  readonly logger: Logger;
}

/** What a handler of an event knows besides. */
export interface EventContext extends CallContext {
  /** Identity of the event, the same when it is delivered again; `undefined` under SFTPGo, which sends none. */
  readonly eventId: string | undefined;
}

import { LogEventType, type LogEvent } from "@fairlead/plugin-sdk/client";
import { eventClock, type EventClock } from "./event-clock.ts";

/** Who tried to log in. SFTPGo leaves `role` empty in every log event, also of users that have one. */
export interface LoginFacts {
  /** Empty when no user was named. */
  readonly username: string;
  /** The client's address without port. */
  readonly ip: string;
  /** `SSH` for everything that comes over SSH, never `SFTP` or `SCP`; the default. */
  readonly protocol?: string;
}

export type FailedLoginFacts = LoginFacts & {
  /** Why, in words; reaches plugins as it is. */
  readonly message: string;
};

/** Sent when the last authentication step succeeded; a partial success sends nothing. */
export function loginOkEvent(facts: LoginFacts, clock: EventClock = eventClock): LogEvent {
  return build(LogEventType.loginOk, { ...facts, message: "" }, clock);
}

/** A refused password or keyboard-interactive attempt, or once per connection all refused keys. */
export function loginFailedEvent(facts: FailedLoginFacts, clock: EventClock = eventClock): LogEvent {
  return build(LogEventType.loginFailed, facts, clock);
}

/** As {@link loginFailedEvent}, when no such user is known. */
export function noSuchUserEvent(facts: FailedLoginFacts, clock: EventClock = eventClock): LogEvent {
  return build(LogEventType.loginNoUser, facts, clock);
}

/** The connection ended before any authentication request arrived. */
export function noLoginTriedEvent(facts: Omit<FailedLoginFacts, "username">, clock: EventClock = eventClock): LogEvent {
  return build(LogEventType.noLoginTried, { ...facts, username: "" }, clock);
}

/** Client and server have no algorithm in common. */
export function notNegotiatedEvent(
  facts: Omit<FailedLoginFacts, "username">,
  clock: EventClock = eventClock,
): LogEvent {
  return build(LogEventType.notNegotiated, { ...facts, username: "" }, clock);
}

function build(event: number, facts: FailedLoginFacts, clock: EventClock): LogEvent {
  return {
    timestampNs: clock(),
    event,
    username: facts.username,
    protocol: facts.protocol ?? "SSH",
    ip: facts.ip,
    message: facts.message.replaceAll("\0", ""),
    role: "",
  };
}

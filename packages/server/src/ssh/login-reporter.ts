import type { Logger } from "@fairlead/go-plugin";

import type { EventSink } from "../events/event-sink.ts";
import {
  loginFailedEvent,
  loginOkEvent,
  noLoginTriedEvent,
  noSuchUserEvent,
  notNegotiatedEvent,
} from "../events/log-event.ts";
import type { LoginDialogue, LoginFailure, LoginSuccess } from "./login-dialogue.ts";

const KEY_PREFIX = "Authentication error: could not validate public key credentials: ";

/** Tells log and plugins about one connection's login, as SFTPGo does. */
export class LoginReporter {
  readonly #ip: string;
  readonly #events: EventSink;
  readonly #logger: Logger;

  constructor(ip: string, events: EventSink, logger: Logger) {
    this.#ip = ip;
    this.#events = events;
    this.#logger = logger;
  }

  /** Names whom the client asked for, as SFTPGo does, also where a plugin lets them in as another user. */
  success({ username, user, method }: LoginSuccess): void {
    const other = user.username === username ? {} : { as: user.username };
    this.#logger.log("info", "login", { username, method, ...other });
    const event = loginOkEvent({ username, ip: this.#ip });
    this.#events.publish({ kind: "log", event });
  }

  failure({ username, message, isUnknownUser, plugin }: LoginFailure): void {
    // SFTPGo's text for an unknown user, which plugins get as it is, speaks of its database.
    this.#logger.log("warn", "login refused", {
      username,
      reason: isUnknownUser ? "no such user" : message,
      ...(plugin === undefined ? {} : { plugin }),
    });
    const facts = { username, message, ip: this.#ip };
    const event = isUnknownUser ? noSuchUserEvent(facts) : loginFailedEvent(facts);
    this.#events.publish({ kind: "log", event });
  }

  /**
   * The connection ended without a login. Refused keys are reported here, once. Who asked for a login
   * and left is not reported, who never asked is; a question left open counts as both.
   */
  noLogin(dialogue: LoginDialogue, reason: string): void {
    const { keyFailure, openQuestion, isTried } = dialogue;
    if (openQuestion !== undefined) {
      this.failure({ username: openQuestion, isUnknownUser: false, message: reason });
    }
    if (keyFailure !== undefined) {
      this.failure({ ...keyFailure, message: KEY_PREFIX + keyFailure.message });
    }
    if (!isTried || openQuestion !== undefined) {
      this.#logger.log("info", "no login tried", { reason });
      this.#events.publish({ kind: "log", event: noLoginTriedEvent({ ip: this.#ip, message: reason }) });
    }
  }

  /** Client and server have no algorithm in common. */
  noNegotiation(reason: string): void {
    this.#logger.log("info", "negotiation failed", { reason });
    this.#events.publish({ kind: "log", event: notNegotiatedEvent({ ip: this.#ip, message: reason }) });
  }
}

import type { Socket } from "node:net";

import type { Logger } from "@fairlead/go-plugin";
import type { AuthContext, Connection } from "ssh2";

import type { SshAlgorithms } from "../config/ssh-algorithms.ts";
import type { User } from "../domain/user.ts";
import type { EventSink } from "../events/event-sink.ts";
import type { Authenticator } from "../login/authenticator.ts";
import type { SessionSlot } from "../login/session-registry.ts";
import { AnswerBacklog, type BacklogLimits } from "./answer-backlog.ts";
import type { ConnectionPlace } from "./connection-limits.ts";
import type { HandleLedger } from "./handle-budget.ts";
import { gatherWrites } from "./gather-writes.ts";
import { describeMismatch, MAX_OFFER_BYTES } from "./kex-offer.ts";
import { LoginDialogue, type LoginPolicy, type LoginSuccess } from "./login-dialogue.ts";
import { LoginReporter } from "./login-reporter.ts";
import { type OpenFileSystem, SessionChannels } from "./session-channels.ts";
import type { CommandName } from "./ssh-command.ts";
import { isExchangingKeys } from "./ssh2-internals.ts";

export interface ConnectionServices {
  readonly authenticator: Authenticator;
  readonly openFileSystem: OpenFileSystem;
  readonly events: EventSink;
  readonly logger: Logger;
  readonly algorithms: SshAlgorithms;
  readonly loginPolicy: LoginPolicy;
  readonly loginGraceMs: number;
  readonly maxChannels: number;
  /** What clients may have run besides SFTP. */
  readonly commands: ReadonlySet<CommandName>;
  readonly handles: HandleLedger;
  /** How long a client may take to exchange keys anew. Default 30 s. */
  readonly rekeyTimeoutMs?: number;
}

const DEFAULT_REKEY_TIMEOUT_MS = 30_000;

/** More than a client can be sent in good faith before its login; it is thrown out. */
const MAX_BACKLOG_BEFORE_LOGIN: BacklogLimits = { pieces: 1024, bytes: 64 * 1024 };
/** Above what channels leave in the socket, whose guard stops them at 1 MiB; the client is not read meanwhile. */
const MAX_BACKLOG: BacklogLimits = { pieces: 4096, bytes: 2 * 1024 * 1024 };
/** How long a client may take to hang up after we did. */
const HANG_UP_MS = 1_000;

type State =
  | { readonly phase: "login"; readonly graceTimer: NodeJS.Timeout }
  | { readonly phase: "open"; readonly user: User; readonly slot: SessionSlot; readonly channels: SessionChannels }
  | { readonly phase: "closed" };

/** One TCP connection from accept to close: login, channels, and what is reported about both. */
export class SshConnection {
  readonly #socket: Socket;
  readonly #ip: string;
  readonly #place: ConnectionPlace;
  readonly #services: ConnectionServices;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  readonly #reporter: LoginReporter;
  readonly #dialogue: LoginDialogue;
  readonly #backlog: AnswerBacklog;
  readonly #closed = Promise.withResolvers<void>();
  #state: State;
  #connection: Connection | undefined;
  #error: Error | undefined;
  #endReason: string | undefined;
  /** The first bytes received, kept until the algorithms are agreed on. */
  #start: Buffer | undefined = Buffer.alloc(0);
  #hangUpTimer: NodeJS.Timeout | undefined;
  #rekeyTimer: NodeJS.Timeout | undefined;
  #lastTrafficMs = performance.now();

  constructor(socket: Socket, ip: string, place: ConnectionPlace, services: ConnectionServices) {
    this.#socket = socket;
    this.#ip = ip;
    this.#place = place;
    this.#services = services;
    this.#logger = services.logger.child({ ip, port: socket.remotePort });
    this.#reporter = new LoginReporter(ip, services.events, this.#logger);
    this.#dialogue = new LoginDialogue({
      ip,
      authenticator: services.authenticator,
      policy: services.loginPolicy,
      signal: this.#abort.signal,
      isGranted: () => this.#connection?.authenticated === true,
      report: {
        onPasswordFailure: (failure) => {
          this.#reporter.failure(failure);
        },
        onSuccess: (login) => {
          if (this.#connection !== undefined) {
            this.#onLogin(this.#connection, login);
          }
        },
        onTooManyTries: () => {
          this.end("too many authentication failures");
        },
        onImpatience: () => {
          this.end("the client does not wait for answers");
        },
      },
    });
    const graceTimer = setTimeout(() => {
      this.end("login took too long");
    }, services.loginGraceMs);
    this.#state = { phase: "login", graceTimer };
    socket.setNoDelay(true);
    this.#backlog = new AnswerBacklog(socket);
    gatherWrites(socket, (pieces) => {
      this.#backlog.add(pieces);
      this.#boundBacklog();
    });
    socket.on("data", this.#keepStart);
    socket.once("end", () => {
      this.#abort.abort();
    });
    socket.once("close", () => {
      this.#onClose();
    });
  }

  /** Settles when the socket is closed and every SFTP session has put its files away. Never rejects. */
  get finished(): Promise<void> {
    return this.#closed.promise;
  }

  /** Milliseconds since the last byte on any channel, or since the start. */
  get idleMs(): number {
    return performance.now() - this.#lastTrafficMs;
  }

  /** Takes over the SSH side, once the client has said its version. */
  attach(connection: Connection): void {
    this.#connection = connection;
    connection.on("error", (error: Error) => {
      // A broken client is not our failure; the socket is closed by ssh2, this makes it final.
      this.#error ??= error;
      this.end("protocol error");
    });
    connection.on("handshake", () => {
      this.#forgetStart();
      clearTimeout(this.#rekeyTimer);
      this.#rekeyTimer = undefined;
    });
    // After ssh2's own listener, which has read the data by then.
    this.#socket.on("data", () => {
      this.#limitRekey(connection);
      if (this.#socket.writableEnded) {
        // The client said goodbye or broke the rules, and ssh2 has hung up without a word to us.
        this.#abort.abort();
        this.#hangUpSoon();
      }
    });
    connection.on("authentication", (context: AuthContext) => {
      this.#dialogue.answer(context).catch((error: unknown) => {
        this.#logger.log("error", "login dialogue failed", { error });
        this.end("internal error");
      });
    });
  }

  /** Ends the connection: says goodbye if possible, and hangs up if the client does not. Idempotent. */
  end(reason: string): void {
    if (this.#endReason !== undefined || this.#state.phase === "closed") {
      return;
    }
    this.#endReason = reason;
    this.#logger.log("debug", "connection ends", { reason, error: this.#error?.message });
    this.#hangUpSoon();
    try {
      this.#connection?.end();
    } catch {
      // ssh2 throws when the protocol is already torn down; the socket's end below is what counts.
    }
    this.#socket.end();
    this.#abort.abort();
  }

  #hangUpSoon(): void {
    this.#hangUpTimer ??= setTimeout(() => {
      this.#socket.destroy();
    }, HANG_UP_MS);
  }

  #boundBacklog(): void {
    if (this.#state.phase !== "login") {
      this.#backlog.pauseAbove(MAX_BACKLOG);
    } else if (this.#backlog.exceeds(MAX_BACKLOG_BEFORE_LOGIN)) {
      this.end("the client does not read");
    }
  }

  #onLogin(connection: Connection, login: LoginSuccess): void {
    const { user, slot } = login;
    if (this.#state.phase === "login") {
      clearTimeout(this.#state.graceTimer);
    }
    const { openFileSystem, maxChannels, commands, handles } = this.#services;
    const channels = new SessionChannels({
      connection,
      socket: this.#socket,
      ip: this.#ip,
      user,
      openFileSystem,
      maxChannels,
      commands,
      handleBudget: handles.open(user.username),
      logger: this.#logger,
      signal: this.#abort.signal,
      onTraffic: () => {
        this.#lastTrafficMs = performance.now();
      },
      onAbuse: (what) => {
        this.end(what);
      },
    });
    this.#state = { phase: "open", user, slot, channels };
    this.#lastTrafficMs = performance.now();
    this.#place.authenticated();
    this.#reporter.success(login);
    this.#limitRekey(connection);
  }

  /** A client in the middle of an exchange of keys is sent nothing; before the login, the grace time limits that. */
  #limitRekey(connection: Connection): void {
    if (this.#state.phase === "open" && this.#rekeyTimer === undefined && isExchangingKeys(connection)) {
      this.#rekeyTimer = setTimeout(() => {
        this.end("exchanging keys took too long");
      }, this.#services.rekeyTimeoutMs ?? DEFAULT_REKEY_TIMEOUT_MS);
    }
  }

  #onClose(): void {
    const last = this.#state;
    this.#state = { phase: "closed" };
    clearTimeout(this.#hangUpTimer);
    clearTimeout(this.#rekeyTimer);
    this.#place.release();
    if (last.phase === "login") {
      clearTimeout(last.graceTimer);
      this.#reportNoLogin();
    } else if (last.phase === "open") {
      last.slot.release();
      this.#logger.log("info", "connection closed", { username: last.user.username });
    }
    this.#abort.abort();
    void this.#settle(last);
  }

  async #settle(last: State): Promise<void> {
    if (last.phase === "open") {
      await last.channels.settled();
    }
    this.#closed.resolve();
  }

  #reportNoLogin(): void {
    const mismatch = this.#start && describeMismatch(this.#start, this.#services.algorithms);
    if (mismatch === undefined) {
      this.#reporter.noLogin(this.#dialogue, this.#error?.message ?? this.#endReason ?? "EOF");
    } else {
      this.#reporter.noNegotiation(mismatch);
    }
  }

  readonly #keepStart = (chunk: Buffer): void => {
    const start = Buffer.concat([this.#start ?? Buffer.alloc(0), chunk]);
    this.#start = start;
    if (start.length > MAX_OFFER_BYTES) {
      this.#forgetStart();
    }
  };

  #forgetStart(): void {
    this.#socket.off("data", this.#keepStart);
    this.#start = undefined;
  }
}

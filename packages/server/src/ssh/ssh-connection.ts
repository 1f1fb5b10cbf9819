import type { Socket } from "node:net";

import type { Logger } from "@fairlead/go-plugin";
import { type FileSystem, serveSftp } from "@fairlead/sftp";
import type { AuthContext, Connection, ServerChannel, Session } from "ssh2";

import type { SshAlgorithms } from "../config/ssh-algorithms.ts";
import type { User } from "../domain/user.ts";
import type { EventSink } from "../events/event-sink.ts";
import type { SessionFacts } from "../events/session-facts.ts";
import type { Authenticator } from "../login/authenticator.ts";
import type { SessionSlot } from "../login/session-registry.ts";
import { acceptPacketSize, guardChannel } from "./channel-guard.ts";
import type { ConnectionPlace } from "./connection-limits.ts";
import { describeMismatch, MAX_OFFER_BYTES } from "./kex-offer.ts";
import { LoginDialogue, type LoginPolicy } from "./login-dialogue.ts";
import { LoginReporter } from "./login-reporter.ts";
import { refuseCommand } from "./refuse-command.ts";
import { exitOnEnd, sshSessionId } from "./ssh2-internals.ts";

/** Opens what a user sees over SFTP; disposed when the session is over. */
export type OpenFileSystem = (session: SessionFacts) => Promise<FileSystem & AsyncDisposable>;

export interface ConnectionServices {
  readonly authenticator: Authenticator;
  readonly openFileSystem: OpenFileSystem;
  readonly events: EventSink;
  readonly logger: Logger;
  readonly algorithms: SshAlgorithms;
  readonly loginPolicy: LoginPolicy;
  readonly loginGraceMs: number;
  readonly maxChannels: number;
}

/** How long a client may take to hang up after we did. */
const HANG_UP_MS = 1_000;

type State =
  | { readonly phase: "login"; readonly graceTimer: NodeJS.Timeout }
  | { readonly phase: "open"; readonly user: User; readonly slot: SessionSlot }
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
  readonly #sessions = new Set<Promise<void>>();
  readonly #closed = Promise.withResolvers<void>();
  #state: State;
  #connection: Connection | undefined;
  #error: Error | undefined;
  #endReason: string | undefined;
  /** The first bytes received, kept until the algorithms are agreed on. */
  #start: Buffer | undefined = Buffer.alloc(0);
  #hangUpTimer: NodeJS.Timeout | undefined;
  #openChannels = 0;
  #channelNumber = 0;
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
      report: {
        onPasswordFailure: (failure) => {
          this.#reporter.failure(failure);
        },
        onSuccess: (user, slot, method) => {
          this.#onLogin(user, slot, method);
        },
        onTooManyTries: () => {
          this.end("too many authentication failures");
        },
      },
    });
    const graceTimer = setTimeout(() => {
      this.end("login took too long");
    }, services.loginGraceMs);
    this.#state = { phase: "login", graceTimer };
    socket.setNoDelay(true);
    socket.on("data", this.#keepStart);
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
    connection.once("handshake", () => {
      this.#forgetStart();
    });
    connection.on("authentication", (context: AuthContext) => {
      void this.#dialogue.answer(context);
    });
    connection.on("session", (accept, reject) => {
      this.#onSession(accept, reject);
    });
  }

  /** Ends the connection: says goodbye if possible, and hangs up if the client does not. Idempotent. */
  end(reason: string): void {
    if (this.#hangUpTimer !== undefined || this.#state.phase === "closed") {
      return;
    }
    this.#endReason = reason;
    this.#logger.log("debug", "connection ends", { reason, error: this.#error?.message });
    this.#hangUpTimer = setTimeout(() => {
      this.#socket.destroy();
    }, HANG_UP_MS);
    try {
      this.#connection?.end();
    } catch {
      // ssh2 throws when the protocol is already torn down; the socket's end below is what counts.
    }
    this.#socket.end();
    this.#abort.abort();
  }

  #onLogin(user: User, slot: SessionSlot, method: string): void {
    if (this.#state.phase === "login") {
      clearTimeout(this.#state.graceTimer);
    }
    this.#state = { phase: "open", user, slot };
    this.#lastTrafficMs = performance.now();
    this.#place.authenticated();
    this.#reporter.success(user, method);
  }

  #onSession(accept: () => Session, reject: () => void): void {
    if (this.#openChannels >= this.#services.maxChannels) {
      this.#logger.log("warn", "too many channels", { limit: this.#services.maxChannels });
      reject();
      return;
    }
    const session = accept();
    this.#openChannels += 1;
    session.once("close", () => {
      this.#openChannels -= 1;
    });
    if (!acceptPacketSize(session)) {
      this.end("the client's packets are too small");
      return;
    }
    session.on("pty", (acceptPty) => {
      // ssh clients ask for a terminal before the shell; refusing it would hide the message that follows.
      (acceptPty as (() => void) | undefined)?.();
    });
    session.on("shell", (acceptShell) => {
      this.#refuse(acceptShell(), undefined);
    });
    session.on("exec", (acceptExec, _reject, info) => {
      this.#refuse(acceptExec(), info.command);
    });
    session.on("subsystem", (acceptSubsystem, rejectSubsystem, info) => {
      if (info.name === "sftp") {
        this.#startSftp(acceptSubsystem());
      } else {
        (rejectSubsystem as (() => void) | undefined)?.();
      }
    });
  }

  // ssh2 accepts one shell, command or subsystem a channel and hands out nothing for a second one.
  #refuse(channel: ServerChannel | undefined, command: string | undefined): void {
    if (channel === undefined) {
      return;
    }
    this.#logger.log("info", "command refused", { command });
    this.#guard(channel);
    channel.resume();
    refuseCommand(channel, command);
  }

  #startSftp(channel: ServerChannel | undefined): void {
    if (channel === undefined || this.#state.phase !== "open" || this.#connection === undefined) {
      return;
    }
    this.#guard(channel);
    this.#channelNumber += 1;
    const sessionId = `SFTP_${sshSessionId(this.#connection)}_${this.#channelNumber}`;
    const { user } = this.#state;
    const logger = this.#logger.child({ sessionId, username: user.username });
    const facts: SessionFacts = { user, protocol: "SFTP", ip: this.#ip, sessionId, logger };
    const session = this.#serve(channel, facts).finally(() => {
      this.#sessions.delete(session);
    });
    this.#sessions.add(session);
  }

  async #serve(channel: ServerChannel, facts: SessionFacts): Promise<void> {
    try {
      await using fileSystem = await this.#services.openFileSystem(facts);
      exitOnEnd(channel);
      await serveSftp(channel, fileSystem, {
        logger: facts.logger,
        signal: this.#abort.signal,
        reuseReplyBuffers: true, // ssh2 has encrypted a chunk before it calls back
      });
    } catch (error) {
      facts.logger.log("error", "sftp session failed", { error });
      failChannel(channel);
    }
  }

  #guard(channel: ServerChannel): void {
    channel.on("error", (error: Error) => {
      this.#logger.log("debug", "channel failed", { error: error.message });
    });
    guardChannel(channel, {
      socket: this.#socket,
      onTraffic: () => {
        this.#lastTrafficMs = performance.now();
      },
      onOverflow: () => {
        this.end("the client ignores the channel window");
      },
    });
  }

  #onClose(): void {
    const last = this.#state;
    this.#state = { phase: "closed" };
    clearTimeout(this.#hangUpTimer);
    this.#place.release();
    if (last.phase === "login") {
      clearTimeout(last.graceTimer);
      this.#reportNoLogin();
    } else if (last.phase === "open") {
      last.slot.release();
      this.#logger.log("info", "connection closed", { username: last.user.username });
    }
    this.#abort.abort();
    void this.#settle();
  }

  async #settle(): Promise<void> {
    await Promise.allSettled(this.#sessions);
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

function failChannel(channel: ServerChannel): void {
  try {
    channel.exit(1);
    channel.end();
  } catch {
    // The connection is gone, and with it the channel.
  }
}

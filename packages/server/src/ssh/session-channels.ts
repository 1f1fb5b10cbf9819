import type { Socket } from "node:net";

import type { Logger } from "@fairlead/go-plugin";
import { type FileSystem, type HandleBudget, serveSftp } from "@fairlead/sftp";
import type { Connection, ServerChannel, Session } from "ssh2";

import type { User } from "../domain/user.ts";
import type { SessionFacts } from "../events/session-facts.ts";
import { acceptPacketSize, guardChannel } from "./channel-guard.ts";
import { FloodLog } from "./flood-log.ts";
import { refuseCommand } from "./refuse-command.ts";
import { runScp } from "./scp/run-scp.ts";
import {
  type CommandFiles,
  type CommandName,
  parseSshCommand,
  runSshCommand,
  type SshCommand,
  takesInput,
} from "./ssh-command.ts";
import { closeUnusedSession, exitOnEnd, isExchangingKeys, sshSessionId } from "./ssh2-internals.ts";
import { createUserNotes } from "./user-notes.ts";
import { WriteGate } from "./write-gate.ts";

/** Opens what a user sees over SFTP, and by commands; disposed when the session is over. */
export type OpenFileSystem = (session: SessionFacts) => Promise<FileSystem & CommandFiles & AsyncDisposable>;

export interface SessionChannelsOptions {
  readonly connection: Connection;
  readonly socket: Socket;
  readonly ip: string;
  readonly user: User;
  readonly openFileSystem: OpenFileSystem;
  readonly maxChannels: number;
  /** What clients may have run. */
  readonly commands: ReadonlySet<CommandName>;
  /** What the files open on all channels together are taken from. */
  readonly handleBudget: HandleBudget;
  readonly logger: Logger;
  /** Aborted when the connection ends: SFTP sessions put their files away. */
  readonly signal: AbortSignal;
  /** Called for every piece of data in either direction. */
  readonly onTraffic: () => void;
  /** The client breaks the rules of channels; the connection should end. */
  readonly onAbuse: (what: string) => void;
}

/** Bytes of ours waiting in the socket before channels stop writing. */
const MAX_SOCKET_BACKLOG_BYTES = 1024 * 1024;

/** The channels of one logged-in connection: SFTP and a few commands are served, everything else is refused with a word. */
export class SessionChannels {
  readonly #options: SessionChannelsOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #gate: WriteGate;
  readonly #refusals: FloodLog;
  #open = 0;
  #started = 0;

  constructor(options: SessionChannelsOptions) {
    this.#options = options;
    this.#refusals = new FloodLog(options.logger);
    this.#gate = gateOf(options.connection, options.socket);
    options.connection.on("session", (accept, reject) => {
      this.#onSession(accept, reject);
    });
  }

  /** Settles when the SFTP sessions running now have put their files away. Never rejects. */
  async settled(): Promise<void> {
    this.#refusals.close();
    await Promise.allSettled(this.#running);
  }

  #onSession(accept: () => Session, reject: () => void): void {
    const { connection, maxChannels, onAbuse } = this.#options;
    if (this.#open >= maxChannels) {
      this.#refusals.log("warn", "too many channels", { limit: maxChannels });
      reject();
      return;
    }
    const session = accept();
    this.#open += 1;
    session.once("close", () => {
      this.#open -= 1;
      closeUnusedSession(connection, session);
    });
    if (acceptPacketSize(session)) {
      this.#listen(session);
    } else {
      onAbuse("the client's packets are too small");
    }
  }

  #listen(session: Session): void {
    session.on("pty", (accept) => {
      // ssh clients ask for a terminal before the shell; refusing it would hide the message that follows.
      (accept as (() => void) | undefined)?.();
    });
    session.on("shell", (accept) => {
      this.#refuse(accept(), undefined);
    });
    session.on("exec", (accept, _reject, info) => {
      const command = parseSshCommand(info.command, this.#options.commands);
      if (command === undefined) {
        this.#refuse(accept(), info.command);
      } else {
        this.#startCommand(accept(), command);
      }
    });
    session.on("subsystem", (accept, reject, info) => {
      if (info.name === "sftp") {
        this.#startSftp(accept());
      } else {
        (reject as (() => void) | undefined)?.();
      }
    });
  }

  // ssh2 accepts one shell, command or subsystem a channel and hands out nothing for a second one.
  #refuse(channel: ServerChannel | undefined, command: string | undefined): void {
    if (channel === undefined) {
      return;
    }
    this.#refusals.log("info", "command refused", {}, { command });
    this.#guard(channel);
    channel.resume();
    refuseCommand(channel, command);
  }

  #startSftp(channel: ServerChannel | undefined): void {
    if (channel === undefined) {
      return;
    }
    this.#guard(channel);
    this.#run(this.#serve(channel, this.#factsOf(channel, "SFTP")));
  }

  #startCommand(channel: ServerChannel | undefined, command: SshCommand): void {
    if (channel === undefined) {
      return;
    }
    this.#guard(channel);
    if (!takesInput(command)) {
      channel.resume();
    }
    this.#run(this.#execute(channel, command, this.#factsOf(channel, command.name === "scp" ? "SCP" : "SSH")));
  }

  #factsOf(channel: ServerChannel, protocol: SessionFacts["protocol"]): SessionFacts {
    const { connection, ip, user, logger } = this.#options;
    this.#started += 1;
    const sessionId = `${protocol}_${sshSessionId(connection)}_${this.#started}`;
    const tellUser = createUserNotes(connection, channel);
    return {
      user,
      protocol,
      ip,
      sessionId,
      logger: logger.child({ sessionId, username: user.username }),
      ...(tellUser === undefined ? {} : { tellUser }),
    };
  }

  #run(work: Promise<void>): void {
    const session = work.finally(() => {
      this.#running.delete(session);
    });
    this.#running.add(session);
  }

  async #execute(channel: ServerChannel, command: SshCommand, facts: SessionFacts): Promise<void> {
    const { handleBudget, openFileSystem, signal } = this.#options;
    if (!handleBudget.take()) {
      facts.logger.log("warn", "too many open files", { command: command.name });
      failChannel(channel);
      return;
    }
    try {
      await using files = await openFileSystem(facts);
      const { name, args } = command;
      await (name === "scp"
        ? runScp(args, { channel, files, username: facts.user.username })
        : runSshCommand({ name, args }, { channel, files, signal }));
    } catch (error) {
      facts.logger.log("error", "command failed", { command: command.name, error });
      failChannel(channel);
    } finally {
      handleBudget.giveBack();
    }
  }

  async #serve(channel: ServerChannel, facts: SessionFacts): Promise<void> {
    try {
      await using fileSystem = await this.#options.openFileSystem(facts);
      exitOnEnd(channel);
      await serveSftp(channel, fileSystem, {
        logger: facts.logger,
        signal: this.#options.signal,
        handleBudget: this.#options.handleBudget,
        reuseReplyBuffers: true, // ssh2 has encrypted a chunk before it calls back
      });
    } catch (error) {
      facts.logger.log("error", "sftp session failed", { error });
      failChannel(channel);
    }
  }

  #guard(channel: ServerChannel): void {
    const { logger, onTraffic, onAbuse } = this.#options;
    channel.on("error", (error: Error) => {
      logger.log("debug", "channel failed", { error: error.message });
    });
    guardChannel(channel, {
      gate: this.#gate,
      onTraffic,
      onOverflow: () => {
        onAbuse("the client ignores the channel window");
      },
    });
  }
}

function gateOf(connection: Connection, socket: Socket): WriteGate {
  const gate = new WriteGate(() => socket.writableLength <= MAX_SOCKET_BACKLOG_BYTES && !isExchangingKeys(connection));
  const open = (): void => {
    gate.open();
  };
  socket.on("drain", open);
  connection.on("handshake", open);
  return gate;
}

function failChannel(channel: ServerChannel): void {
  try {
    channel.exit(1);
    channel.end();
  } catch {
    // The connection is gone, and with it the channel.
  }
}

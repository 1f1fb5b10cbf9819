import type { Readable } from "node:stream";
import type { Logger } from "../logger.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import type { ExitStatus } from "./launch-options.ts";

/**
 * Starts plugins in another way than as a child process of the host: in a container, as another account, through another
 * program (go-plugin's `RunnerFunc` and `runner.Runner`). One runner may start any number of plugins.
 *
 * `start` resolves when the plugin runs, and rejects when it cannot be run; its signal is aborted when the start takes
 * too long. A process that arrives after that is killed.
 */
export interface Runner {
  start(command: RunnerCommand, options: { readonly signal: AbortSignal }): Promise<RunnerProcess>;
  /**
   * What may explain a start that failed, one sentence each; shown as notes of the error. `process` is what `start`
   * resolved to, if it did. Has a second.
   */
  diagnose?(command: RunnerCommand, process: RunnerProcess | undefined): Promise<readonly string[]>;
}

/** What a runner is to run. */
export interface RunnerCommand {
  /** The `command` of the launch: for a custom runner as it was given, for a child process the absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The plugin's whole environment, the protocol's variables and the magic cookie among it. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * The host's folder for this plugin's sockets (`PLUGIN_UNIX_SOCKET_DIR` in `env`, for the runner to replace where the
   * plugin sees it under another name). Removed after the plugin's end. Undefined where there are no unix sockets.
   */
  readonly socketFolder: string | undefined;
  readonly logger: Logger;
}

/** Addresses where host and plugin see different networks or file systems (go-plugin's `runner.AddrTranslator`). */
export interface AddressTranslator {
  /**
   * From what the plugin says it listens at, under a brokered id too, to where the host connects. Default: the same. May
   * throw, and should where the plugin must not choose: it names any socket of this machine and any address of its network.
   */
  pluginToHost?(address: PluginAddress): PluginAddress;
  /** From where the host listens, for brokered connections, to where the plugin connects. Default: the same. May throw. */
  hostToPlugin?(address: PluginAddress): PluginAddress;
}

/** A plugin that runs somewhere (go-plugin's `runner.AttachedRunner`). */
export interface AttachedRunner extends AddressTranslator {
  /** Tells it from all others, for logs and errors: a process id, a container's id. */
  readonly id: string;
  /** Its process, if it is one of this machine that the host may see. */
  readonly pid?: number;
  /** Settles when the plugin is gone, whatever ended it. */
  readonly exited: Promise<ExitStatus>;
  /** Tells the plugin to end (SIGTERM). Without it stop() goes on to `kill`. */
  terminate?(): void | Promise<void>;
  /**
   * Ends the plugin and cleans up after it. Also called once after its end, and when the host's process exits, where only
   * what it does synchronously counts: calls beyond the first must do no harm.
   */
  kill(): void | Promise<void>;
}

/** A plugin that was started. */
export interface RunnerProcess extends AttachedRunner {
  /** The handshake line comes first on it. Read to the end, for as long as the plugin lives. */
  readonly stdout: Readable;
  /** Becomes the plugin's log. */
  readonly stderr: Readable;
}

import type { Writable } from "node:stream";
import type { Logger } from "../logger.ts";
import { PluginError } from "../plugin-error.ts";
import { createHclogLogger } from "./hclog-logger.ts";
import { watchHost } from "./host-watch.ts";
import { takeHostVariables } from "./own-environment.ts";
import { cleanUpAtExit, StarterPipes } from "./plugin-process.ts";
import { openPluginServer } from "./plugin-server.ts";
import type { OwnedPluginServer } from "./plugin-server.ts";
import { processOutput } from "./process-output.ts";
import type { Env, ServeProcessOptions } from "./serve-options.ts";
import { serveReattachable } from "./serve-reattachable.ts";
import { writeAllSync } from "./write-all.ts";

/**
 * Runs this process as a plugin until its host ends it or is gone, then exits: with 0 after a served life, with 1 when it
 * could not start (the reason is on stderr). Takes over process.stdout, SIGINT and SIGTERM, and takes the host's variables
 * out of process.env; import this package before anything that prints.
 */
export async function serve(options: ServeProcessOptions): Promise<never> {
  return await (options.reattachable === true ? serveReattachable(options) : serveHost(options));
}

async function serveHost(options: ServeProcessOptions): Promise<never> {
  processOutput.adopt();
  const env = takeHostVariables(options.handshake.key);
  const pipes = new StarterPipes(() => process.exit(1));
  const logger = options.logger ?? createHclogLogger(pipes.writeError);
  const ending = new AbortController();
  process.once("SIGTERM", () => ending.abort());
  const server = await startOrExit({ ...options, logger, env, signal: ending.signal }, pipes);
  processOutput.serve();
  ignoreInterrupts(logger);
  cleanUpAtExit(server, logger);
  if (options.outlivesHost === true) pipes.whenBroken(() => {});
  else endWithHost(server, pipes, logger);
  processOutput.copyStderr();
  await server.closed;
  process.exit(0);
}

async function startOrExit(
  options: ServeProcessOptions & { readonly logger: Logger; readonly env: Env; readonly signal: AbortSignal },
  pipes: StarterPipes,
): Promise<OwnedPluginServer> {
  try {
    return await openPluginServer({ ...options, stdout: createFirstLine() }, processOutput.relay);
  } catch (error) {
    // The reason comes last: hosts look for it there.
    processOutput.release(2);
    if (PluginError.is(error, "ERR_COOKIE_MISMATCH")) pipes.writeError(`${error.message}\n`);
    else options.logger.log("error", "plugin init error", { error });
    return process.exit(1);
  }
}

function endWithHost(server: OwnedPluginServer, pipes: StarterPipes, logger: Logger): void {
  pipes.whenBroken(() => void server.close());
  watchHost({ isConnected: () => server.connections > 0 }, (end) => {
    logger.log("warn", "plugin's host is gone, ending", { because: end });
    void server.close();
  });
}

function ignoreInterrupts(logger: Logger): void {
  let interrupts = 0;
  // Ctrl-C on the host's terminal reaches the whole process group; it is the host that decides about its plugins.
  process.on("SIGINT", () => {
    logger.log("trace", "plugin received interrupt signal, ignoring", { count: ++interrupts });
  });
}

function createFirstLine(): Writable {
  const stream = process.getBuiltinModule("node:stream");
  return new stream.Writable({
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding, callback) {
      try {
        writeAllSync(1, chunk);
        callback();
      } catch (error) {
        callback(error as Error);
      }
    },
  });
}

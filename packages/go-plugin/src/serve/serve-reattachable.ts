import { formatReattachInfo } from "../protocol/reattach-info.ts";
import { createHclogLogger } from "./hclog-logger.ts";
import { takeHostVariables } from "./own-environment.ts";
import { cleanUpAtExit, StarterPipes } from "./plugin-process.ts";
import type { OwnedPluginServer } from "./plugin-server.ts";
import { processOutput } from "./process-output.ts";
import { describeServer, openReattachableServer } from "./reattachable-server.ts";
import type { ServeProcessOptions } from "./serve-options.ts";

// Between quotes, the way it is typed into a shell; what is in angle brackets is for the reader to fill in.
const EXPLANATION = `This plugin runs without a host and waits for one to attach to it. What the host needs is the line of JSON on stdout.
Terraform takes it as TF_REATTACH_PROVIDERS='{"<address of the provider>":<the line>}'.
It serves one host after another. Ctrl-C ends it.
`;

/** Runs this process as a plugin that a person, a debugger or a test has started (go-plugin's `ServeConfig.Test`). */
export async function serveReattachable(options: ServeProcessOptions): Promise<never> {
  // What was caught so far belongs to whoever started the process, and so does what follows.
  processOutput.release(1);
  const env = takeHostVariables(options.handshake.key);
  const pipes = new StarterPipes(() => {});
  // A starter that has read what it wanted may go: other hosts will come.
  pipes.whenBroken(() => {});
  const logger = options.logger ?? createHclogLogger(pipes.writeError);
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => ending.abort());
  const server = await openReattachableServer(
    { ...options, logger, env, signal: ending.signal },
    processOutput.relay,
  ).catch((error: unknown): OwnedPluginServer => {
    logger.log("error", "plugin init error", { error });
    return process.exit(1);
  });
  cleanUpAtExit(server, logger);
  processOutput.copyToReader();
  pipes.writeError(EXPLANATION);
  pipes.writeOutput(`${formatReattachInfo(describeServer(server))}\n`);
  await server.closed;
  process.exit(0);
}

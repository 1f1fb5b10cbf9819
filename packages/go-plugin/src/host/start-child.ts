import type { Logger } from "../logger.ts";
import type { Identity } from "../tls/certificate.ts";
import { verifyChecksum } from "./checksum.ts";
import { buildPluginEnvironment } from "./environment.ts";
import { resolveExecutable } from "./executable.ts";
import type { ExitStatus } from "./launch-options.ts";
import type { LaunchPlan } from "./launch-plan.ts";
import { isFunction, isRecord } from "./option-rules.ts";
import { PluginChild } from "./plugin-child.ts";
import { createProcessRunner } from "./process-runner.ts";
import { readRunnerProcess } from "./runner-process.ts";
import type { Runner, RunnerCommand, RunnerProcess } from "./runner.ts";
import { createSocketFolder, removeSocketFolder } from "./socket-folder.ts";
import type { StartDeadline } from "./start-deadline.ts";
import { describeStartFailure } from "./start-failure.ts";
import type { PluginError } from "../plugin-error.ts";

/** A started plugin that has not said anything yet. */
export interface StartedChild {
  readonly child: PluginChild;
  /** What is thrown when the start fails after all. */
  readonly describeFailure: (error: unknown, exit: ExitStatus | undefined) => Promise<PluginError>;
}

/** Starts the plugin of `plan`, by its runner or as a child process; `identity` is the host's with AutoMTLS. */
export async function startChild(
  plan: LaunchPlan,
  identity: Identity | undefined,
  deadline: StartDeadline,
): Promise<StartedChild> {
  const runner = plan.runner ?? createProcessRunner({ argv0: plan.command, stdin: plan.stdin });
  const file = plan.runner === undefined ? await findExecutable(plan, deadline) : plan.command;
  plan.logger.log("debug", "starting plugin", { path: file });
  const socketFolder = createSocketFolder(plan.sockets);
  const command = buildCommand(plan, file, identity, socketFolder);
  const startedAtMs = performance.now();
  try {
    const process = await startBefore(deadline, runner, command);
    const { managed, maxLogLineBytes: maxLineBytes } = plan;
    const log = { maxLineBytes, copyTo: plan.stdio.rawStderr };
    const logger = plan.logger.child(process.pid === undefined ? { id: process.id } : { pid: process.pid });
    const child = new PluginChild(process, { startedAtMs, socketFolder, logger, log, managed });
    const describeFailure = async (error: unknown, exit: ExitStatus | undefined): Promise<PluginError> =>
      await describeStartFailure(error, {
        ...commonFacts(plan, runner, command, process),
        process: { id: process.id, pid: child.pid },
        exit,
        firstLine: child.stdout.start,
        stderr: child.stderr.lines(),
      });
    return { child, describeFailure };
  } catch (error) {
    if (socketFolder !== undefined) removeSocketFolder(socketFolder);
    const nothing = { process: undefined, exit: undefined, firstLine: "", stderr: [] };
    throw await describeStartFailure(error, { ...commonFacts(plan, runner, command, undefined), ...nothing });
  }
}

/** The file that will run, proven to be the expected one. */
async function findExecutable(plan: LaunchPlan, deadline: StartDeadline): Promise<string> {
  deadline.signal.throwIfAborted();
  const file = await resolveExecutable(plan.command, {
    cwd: plan.cwd,
    searchPath: process.env["PATH"],
    plugin: plan.name,
  });
  if (plan.checksum !== undefined) {
    await deadline.limit(verifyChecksum(file, plan.checksum, deadline.signal));
  }
  return file;
}

function buildCommand(
  plan: LaunchPlan,
  file: string,
  identity: Identity | undefined,
  socketFolder: string | undefined,
): RunnerCommand {
  const { args, cwd, logger } = plan;
  const env = buildPluginEnvironment({
    env: plan.env,
    cookie: plan.cookie,
    versions: [...plan.kinds.keys()],
    ports: plan.ports,
    multiplex: plan.multiplex,
    ...(identity === undefined ? {} : { certificatePem: identity.certificatePem }),
    ...(socketFolder === undefined ? {} : { socketFolder }),
    ...(plan.sockets.group === undefined ? {} : { socketGroup: plan.sockets.group }),
  });
  return { command: file, args, cwd, env, socketFolder, logger };
}

// A runner may come back after the host gave up: nobody else would end what it started.
async function startBefore(deadline: StartDeadline, runner: Runner, command: RunnerCommand): Promise<RunnerProcess> {
  deadline.signal.throwIfAborted();
  const starting = runner.start(command, { signal: deadline.signal });
  let process: RunnerProcess;
  try {
    process = await deadline.limit(starting);
  } catch (error) {
    if (deadline.signal.aborted) void killLate(starting, command);
    throw error;
  }
  try {
    return readRunnerProcess(process);
  } catch (error) {
    // Nobody waits for it: it may hang as well.
    void killUnusable(process, command.logger);
    throw error;
  }
}

// It runs, though nothing can be done with it.
async function killUnusable(process: unknown, logger: Logger): Promise<void> {
  try {
    if (isRecord(process) && isFunction(process["kill"])) await (process as unknown as RunnerProcess).kill();
  } catch (error) {
    logger.log("warn", "the runner's kill failed", { error: String(error) });
  }
}

async function killLate(starting: Promise<RunnerProcess>, { logger, socketFolder }: RunnerCommand): Promise<void> {
  try {
    const late = await starting;
    logger.log("warn", "the runner started the plugin too late, ending it", { id: late.id });
    await late.kill();
  } catch (error) {
    logger.log("debug", "the runner gave up as well", { error: String(error) });
  }
  if (socketFolder !== undefined) removeSocketFolder(socketFolder);
}

function commonFacts(plan: LaunchPlan, runner: Runner, command: RunnerCommand, started: RunnerProcess | undefined) {
  return {
    name: plan.name,
    file: command.command,
    cookieKey: plan.cookie.key,
    diagnose: async () => (await runner.diagnose?.(command, started)) ?? [],
  };
}

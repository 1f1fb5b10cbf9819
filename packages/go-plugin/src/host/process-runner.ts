import type { ExitStatus } from "./launch-options.ts";
import { killGroup, OWN_GROUP } from "./process-group.ts";
import type { Runner, RunnerCommand, RunnerProcess } from "./runner.ts";

// Not `import`: that evaluates every lazy part of node:fs, for which a host would wait at its start.
const { existsSync } = process.getBuiltinModule("node:fs");

export interface ProcessRunnerOptions {
  /** What the process sees as its own name. */
  readonly argv0: string;
  readonly stdin: "ignore" | "inherit";
}

/**
 * Runs plugins as child processes of the host, in a process group of their own (go-plugin's internal/cmdrunner): what
 * launch() does when no other runner is given.
 */
export function createProcessRunner(options: ProcessRunnerOptions): Runner {
  return {
    start: (command) => startProcess(command, options),
    async diagnose({ command, cwd, env }) {
      // Loaded when there is something to explain.
      const { diagnoseExecutable } = await import("./diagnosis.ts");
      const notes = await diagnoseExecutable(command, env["PATH"]);
      // The system says ENOENT about a missing folder too, and Node names the command.
      return existsSync(cwd) ? notes : [...notes, `The working folder ${cwd} does not exist.`];
    },
  };
}

async function startProcess(command: RunnerCommand, { argv0, stdin }: ProcessRunnerOptions): Promise<RunnerProcess> {
  // Not `import`: a host that only attaches to running plugins, or has a runner of its own, never needs it.
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(command.command, command.args, {
    argv0,
    cwd: command.cwd,
    env: command.env,
    detached: OWN_GROUP,
    stdio: [stdin, "pipe", "pipe"],
    windowsHide: true,
  });
  const { stdout, stderr } = child;
  const exited = new Promise<ExitStatus>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  try {
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  } catch (error) {
    stdout.destroy();
    stderr.destroy();
    throw error;
  }
  // Of a signal that could not be sent: its process is about to be gone.
  child.on("error", () => {});
  const pid = child.pid!;
  return {
    id: String(pid),
    pid,
    stdout,
    stderr,
    exited,
    terminate: () => void child.kill("SIGTERM"),
    kill: () => killGroup(child),
  };
}

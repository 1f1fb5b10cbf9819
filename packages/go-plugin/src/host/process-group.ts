import type { ChildProcess } from "node:child_process";

/**
 * Plugins run in a process group (and session) of their own. Ctrl-C on the host's terminal then reaches the host alone,
 * which stops its plugins in order: Go's plugins share the group and ignore SIGINT, but only once they have started, and
 * plugins in other languages often never do. It also lets the host end what a plugin started and left behind.
 */
export const OWN_GROUP = process.platform !== "win32";

/** Kills a plugin and everything it started; nothing happens when none of it is left. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (OWN_GROUP) process.kill(-child.pid, "SIGKILL");
    else child.kill("SIGKILL");
  } catch {
    // Nobody left in the group (ESRCH; EPERM on macOS when only zombies are).
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  }
}

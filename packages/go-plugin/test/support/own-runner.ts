import { spawn } from "node:child_process";
import { join, relative } from "node:path";
import type { ExitStatus, Runner, RunnerProcess } from "@fairlead/go-plugin/host";

/**
 * Starts plugins through a shell that enters the folder of their sockets: the plugin sees its sockets by relative paths,
 * which mean nothing to the host.
 */
export function createShellRunner(change: (process: RunnerProcess) => RunnerProcess = (process) => process): Runner {
  return {
    async start({ command, args, env, socketFolder = "/" }) {
      const child = spawn("/bin/sh", ["-c", 'exec "$0" "$@"', command, ...args], {
        cwd: socketFolder,
        env: { ...env, PLUGIN_UNIX_SOCKET_DIR: "." },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      const { pid } = child;
      const exited = new Promise<ExitStatus>((resolve) => {
        child.once("exit", (code, signal) => resolve({ code, signal }));
      });
      await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
      return change({
        id: `shell-${pid}`,
        ...(pid === undefined ? {} : { pid }),
        stdout: child.stdout,
        stderr: child.stderr,
        exited,
        terminate: () => void child.kill("SIGTERM"),
        kill: () => void child.kill("SIGKILL"),
        pluginToHost: (address) =>
          address.network === "unix" ? { network: "unix", path: join(socketFolder, address.path) } : address,
        hostToPlugin: (address) =>
          address.network === "unix" ? { network: "unix", path: relative(socketFolder, address.path) } : address,
      });
    },
    diagnose: async ({ command }) => await Promise.resolve([`The shell was asked to run ${command}.`]),
  };
}

/** Starts plugins where the folder of their sockets is `/mnt`, in a mount namespace of their own. */
export function createNamespaceRunner(): Runner {
  const enter = 'mount --bind "$0" /mnt && exec "$@"';
  return {
    async start({ command, args, cwd, env, socketFolder = "/" }) {
      const child = spawn(
        "/usr/bin/unshare",
        ["--mount", "--fork", "--kill-child", "/bin/sh", "-c", enter, socketFolder, command, ...args],
        { cwd, env: { ...env, PLUGIN_UNIX_SOCKET_DIR: "/mnt" }, stdio: ["ignore", "pipe", "pipe"], detached: true },
      );
      const exited = new Promise<ExitStatus>((resolve) => {
        child.once("exit", (code, signal) => resolve({ code, signal }));
      });
      await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
      return {
        id: `namespace-${child.pid}`,
        stdout: child.stdout,
        stderr: child.stderr,
        exited,
        kill: () => void child.kill("SIGKILL"),
        pluginToHost: (address) =>
          address.network === "unix"
            ? { network: "unix", path: address.path.replace(/^\/mnt/, socketFolder) }
            : address,
        hostToPlugin: (address) =>
          address.network === "unix" ? { network: "unix", path: address.path.replace(socketFolder, "/mnt") } : address,
      };
    },
  };
}

import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { once } from "node:events";
import { userInfo } from "node:os";
import { text } from "node:stream/consumers";
import { freePort } from "../../e2e/harness/free-port.ts";
import type { OpenSsh, Login } from "../../e2e/harness/openssh.ts";
import type { Sandbox } from "../../e2e/harness/sandbox.ts";
import { waitForPort } from "./wait-for-port.ts";

const sftpServers = ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server"];

/** Where OpenSSH's server programs are, or why they cannot be used. */
export function findSshd(): { readonly sshd: string; readonly sftpServer: string } | { readonly missing: string } {
  const sshd = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find(isExecutable);
  if (sshd === undefined) return { missing: "sshd is not installed (Debian: openssh-server)" };
  const sftpServer = sftpServers.find(isExecutable);
  if (sftpServer === undefined) return { missing: "OpenSSH's sftp-server is not installed" };
  return { sshd, sftpServer };
}

export interface Sshd {
  readonly port: number;
  readonly login: Login;
}

/** Runs OpenSSH's own server on a loopback port, for this user and one key; it ends with the sandbox. */
export async function startSshd(sandbox: Sandbox, openSsh: OpenSsh, cipher: string): Promise<Sshd> {
  const found = findSshd();
  if ("missing" in found) throw new Error(found.missing);
  const host = await openSsh.makeKey("sshd-host");
  const client = await openSsh.makeKey("sshd-client");
  const port = await freePort();
  const config = await sandbox.write(
    "data/sshd_config",
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${host.keyFile}`,
      `AuthorizedKeysFile ${await sandbox.write("data/authorized_keys", `${client.publicKey}\n`)}`,
      `Ciphers ${cipher}`,
      `Subsystem sftp ${found.sftpServer}`,
      "StrictModes no",
      "PidFile none",
      "UsePAM no",
      "PasswordAuthentication no",
      "PermitRootLogin yes",
      "LogLevel ERROR",
      "",
    ].join("\n"),
  );
  // Debian's sshd wants its empty folder, which only the service makes.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const child = spawn(found.sshd, ["-D", "-e", "-f", config], { stdio: ["ignore", "ignore", "pipe"] });
  const said = text(child.stderr);
  const exited = once(child, "exit");
  sandbox.defer(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  try {
    await waitForPort("sshd", port, () => child.exitCode !== null);
  } catch (error) {
    child.kill("SIGTERM");
    throw new Error(`sshd does not listen: ${await said}`, { cause: error });
  }
  return { port, login: { user: userInfo().username, keyFile: client.keyFile } };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

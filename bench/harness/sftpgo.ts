import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../e2e/harness/free-port.ts";
import type { Login, OpenSsh } from "../../e2e/harness/openssh.ts";
import type { Sandbox } from "../../e2e/harness/sandbox.ts";
import type { Section } from "../../e2e/harness/server-config.ts";
import type { SftpPeer } from "./sftp-session.ts";
import { waitForPort } from "./wait-for-port.ts";

/** The folder of an unpacked SFTPGo release: `sftpgo` and `templates` are in it. */
const releaseFolder = process.env["FAIRLEAD_SFTPGO"];

/** Why there is no SFTPGo to measure against; false when there is one. */
export function skipWithoutSftpGo(): string | false {
  if (releaseFolder === undefined) return "FAIRLEAD_SFTPGO does not name the folder of an SFTPGo release";
  return existsSync(join(releaseFolder, "sftpgo")) ? false : `there is no sftpgo in ${releaseFolder}`;
}

/** A running SFTPGo, and the ways its one user gets in. */
export interface SftpGoPeer extends SftpPeer {
  readonly pid: number;
  readonly byPassword: Login;
}

export interface SftpGoOptions {
  /** Default: none. */
  readonly plugins?: readonly Section[];
  /** More keys of `data_provider`. */
  readonly dataProvider?: Section;
}

/** Runs SFTPGo on a loopback port with one user, in memory; it ends with the sandbox. */
export async function startSftpGo(
  sandbox: Sandbox,
  openSsh: OpenSsh,
  { plugins = [], dataProvider = {} }: SftpGoOptions = {},
): Promise<SftpGoPeer> {
  const { keyFile, publicKey } = await openSsh.makeKey("sftpgo-client");
  const home = sandbox.path("homes", "sftpgo");
  await mkdir(home);
  const byPassword = { user: "bench", password: "correct horse bench" };
  const user = {
    username: byPassword.user,
    password: byPassword.password,
    status: 1,
    home_dir: home,
    permissions: { "/": ["*"] },
    public_keys: [publicKey],
  };
  const port = await freePort();
  const config = {
    sftpd: { bindings: [{ port, address: "127.0.0.1" }] },
    httpd: { bindings: [{ port: 0 }] },
    smtp: { templates_path: join(releaseFolder!, "templates") },
    data_provider: {
      driver: "memory",
      name: await sandbox.write("sftpgo/users.json", JSON.stringify({ users: [user] })),
      ...dataProvider,
    },
    plugins,
  };
  await sandbox.write("sftpgo/sftpgo.json", JSON.stringify(config));
  const args = ["serve", "--config-dir", sandbox.path("sftpgo"), "--config-file", "sftpgo.json"];
  // Its log goes where ours goes, through a pipe that someone reads, at the same level.
  const child = spawn(join(releaseFolder!, "sftpgo"), [...args, "--log-file-path", "", "--log-level", "info"], {
    env: sandbox.environment(),
    cwd: sandbox.path("data"),
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.resume();
  child.stderr.resume();
  const exited = once(child, "exit");
  sandbox.defer(async () => {
    child.kill("SIGTERM");
    await exited;
  });
  await waitForPort("SFTPGo", port, () => child.exitCode !== null);
  return { port, login: { user: "bench", keyFile }, byPassword, at: (name) => `/${name}`, pid: child.pid! };
}

import { readFile } from "node:fs/promises";
import type { Login } from "../../e2e/harness/openssh.ts";
import { openRawSsh } from "../../packages/server/test/fixtures/raw-ssh-client.ts";
import { median } from "./median.ts";
import { serverCpuUs, type SftpPeer } from "./sftp-session.ts";

/** How many clients log in at once, where that is not one. */
export const PARALLEL_LOGINS = 8;

/** How one way of logging in went in one round. */
export interface MeasuredLogins {
  /** With {@link PARALLEL_LOGINS} at once, connecting and leaving included. */
  readonly perSecond: number;
  /** Of the server's process alone: plugins have their own. */
  readonly serverCpuMs: number;
  /** One after another: from the TCP connection to the server's yes. */
  readonly oneMs: number;
}

/** Logs in `count` times in parallel, and some more one after another. Throws when one is refused. */
export async function measureLogins(peer: SftpPeer, login: Login, count: number): Promise<MeasuredLogins> {
  const client = await openLogins(peer, login);
  await client.logIn();
  const cpuBeforeUs = serverCpuUs(peer);
  const start = performance.now();
  let left = count;
  const logInUntilDone = async (): Promise<void> => {
    while (left-- > 0) await client.logIn();
  };
  await Promise.all(Array.from({ length: PARALLEL_LOGINS }, logInUntilDone));
  const tookMs = performance.now() - start;
  const cpuUs = serverCpuUs(peer) - cpuBeforeUs;
  const alone: number[] = [];
  for (let i = 0; i < count / PARALLEL_LOGINS; i++) alone.push(await client.logIn());
  return { perSecond: (count / tookMs) * 1000, serverCpuMs: cpuUs / 1000 / count, oneMs: median(alone) };
}

/** A client whose every login is a connection of its own, and takes that many milliseconds. */
async function openLogins({ port }: SftpPeer, login: Login): Promise<{ logIn(): Promise<number> }> {
  const credentials =
    login.keyFile === undefined ? { password: login.password } : { privateKey: await readFile(login.keyFile, "utf8") };
  return {
    async logIn() {
      const start = performance.now();
      await using connection = await openRawSsh({ port, login: { username: login.user, ...credentials } });
      const tookMs = performance.now() - start;
      connection.client.end();
      await connection.closed;
      return tookMs;
    },
  };
}

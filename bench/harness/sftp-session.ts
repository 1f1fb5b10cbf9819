import type { Login, OpenSsh } from "../../e2e/harness/openssh.ts";
import { processCpuUs } from "./process-cpu.ts";

/** A server as OpenSSH's client reaches it. */
export interface SftpPeer {
  readonly port: number;
  readonly login: Login;
  /** The path on the server of what the client is to call `/name`. */
  readonly at: (name: string) => string;
  /** The process that does the work, when it is one process. */
  readonly pid?: number;
}

export const cipher = "aes128-gcm@openssh.com";

/** Runs one batch of OpenSSH's `sftp` and tells how long it took, connecting and leaving included. */
export async function timeSession(
  openSsh: OpenSsh,
  peer: SftpPeer,
  commands: readonly string[],
  cwd?: string,
): Promise<number> {
  const start = performance.now();
  const result = await openSsh.sftp(peer, peer.login, commands, {
    args: ["-c", cipher],
    timeoutMs: 300_000,
    ...(cwd !== undefined && { cwd }),
  });
  const tookMs = performance.now() - start;
  if (result.code !== 0) throw new Error(`sftp ended with ${result.signal ?? result.code}: ${result.stderr}`);
  return tookMs;
}

/** Processor time the server has used so far, microseconds; NaN when it is not one process or the system does not tell. */
export function serverCpuUs({ pid }: SftpPeer): number {
  return (pid === undefined ? undefined : processCpuUs(pid)) ?? Number.NaN;
}

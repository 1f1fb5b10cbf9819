import { open } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { OpenSsh } from "../e2e/harness/openssh.ts";
import type { Sandbox } from "../e2e/harness/sandbox.ts";
import { TestServer } from "../e2e/harness/server.ts";
import { writeConfig } from "../e2e/harness/server-config.ts";
import { skipWithout } from "../e2e/harness/tools.ts";
import { addUser } from "../e2e/harness/users.ts";
import { median } from "./harness/median.ts";
import { openSandbox } from "./harness/open-sandbox.ts";
import type { Comparison, Report } from "./harness/report.ts";
import { cipher, serverCpuUs, timeSession, type SftpPeer } from "./harness/sftp-session.ts";
import { skipWithoutSftpGo, startSftpGo } from "./harness/sftpgo.ts";
import { findSshd, startSshd } from "./harness/sshd.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 5);
const fileMiB = 512;

/** One stream up and one down with OpenSSH's client, against our server and others. */
export async function benchSftpTransfer(): Promise<readonly Report[]> {
  const title = `one SFTP stream of ${fileMiB} MiB, ${cipher}, medians of ${rounds}`;
  const names = { sshd: "OpenSSH's sshd and sftp-server", sftpGo: "SFTPGo" };
  const skipped = (peer: string, why: string): Report => ({ title, peer, comparisons: [], skipped: [`all: ${why}`] });
  const missing = skipWithout("sftp", "ssh-keygen");
  if (missing !== false) return Object.values(names).map((peer) => skipped(peer, missing));
  await using stack = new AsyncDisposableStack();
  const sandbox = await openSandbox(stack);
  const openSsh = new OpenSsh(sandbox);
  await writeRandomFile(sandbox.path("local"), fileMiB);
  const ours = new TransferRates(openSsh, await startOurs(sandbox, openSsh));
  const found = findSshd();
  const noSftpGo = skipWithoutSftpGo();
  const sshd = "missing" in found ? undefined : new TransferRates(openSsh, await startOpenSsh(sandbox, openSsh));
  const sftpGo = noSftpGo === false ? new TransferRates(openSsh, await startSftpGo(sandbox, openSsh)) : undefined;
  for (let round = 0; round < rounds; round++) {
    for (const rates of [ours, sshd, sftpGo]) await rates?.measure();
  }
  return [
    sshd === undefined
      ? skipped(names.sshd, "missing" in found ? found.missing : "")
      : { title, peer: names.sshd, comparisons: compare(ours, sshd, { up: 0.9, down: 0.8 }) },
    sftpGo === undefined
      ? skipped(names.sftpGo, noSftpGo === false ? "" : noSftpGo)
      : { title, peer: names.sftpGo, comparisons: [...compare(ours, sftpGo), ...compareCpu(ours, sftpGo)] },
  ];
}

async function startOurs(sandbox: Sandbox, openSsh: OpenSsh): Promise<SftpPeer> {
  const config = await writeConfig(sandbox);
  const user = await addUser(sandbox, openSsh, config, "bench");
  const { pid } = await TestServer.start(sandbox, { config });
  return { port: config.port, login: user.byKey, at: (name) => `/${name}`, pid };
}

async function startOpenSsh(sandbox: Sandbox, openSsh: OpenSsh): Promise<SftpPeer> {
  return { ...(await startSshd(sandbox, openSsh, cipher)), at: (name) => sandbox.path("homes", name) };
}

function compare(ours: TransferRates, peer: TransferRates, wanted?: { up: number; down: number }): Comparison[] {
  const unit = "MB/s";
  return [
    { what: "upload", unit, ours: ours.up, peer: peer.up, ...(wanted && { wanted: { atLeast: wanted.up } }) },
    { what: "download", unit, ours: ours.down, peer: peer.down, ...(wanted && { wanted: { atLeast: wanted.down } }) },
  ];
}

function compareCpu(ours: TransferRates, peer: TransferRates): Comparison[] {
  const unit = "server CPU us/MiB";
  return [
    { what: "upload", unit, ours: ours.upCpuUs, peer: peer.upCpuUs },
    { what: "download", unit, ours: ours.downCpuUs, peer: peer.downCpuUs },
  ];
}

interface Transfer {
  readonly mbPerSecond: number;
  readonly cpuUsPerMiB: number;
}

class TransferRates {
  readonly #openSsh: OpenSsh;
  readonly #peer: SftpPeer;
  readonly #ups: Transfer[] = [];
  readonly #downs: Transfer[] = [];

  constructor(openSsh: OpenSsh, peer: SftpPeer) {
    this.#openSsh = openSsh;
    this.#peer = peer;
  }

  get up(): number {
    return median(this.#ups.map(({ mbPerSecond }) => mbPerSecond));
  }

  get down(): number {
    return median(this.#downs.map(({ mbPerSecond }) => mbPerSecond));
  }

  get upCpuUs(): number {
    return median(this.#ups.map(({ cpuUsPerMiB }) => cpuUsPerMiB));
  }

  get downCpuUs(): number {
    return median(this.#downs.map(({ cpuUsPerMiB }) => cpuUsPerMiB));
  }

  /** The time of a session that moves nothing is taken off. */
  async measure(): Promise<void> {
    const remote = this.#peer.at("transferred");
    const idleMs = await timeSession(this.#openSsh, this.#peer, ["pwd"]);
    this.#ups.push(await this.#transfer(`put local ${remote}`, idleMs));
    this.#downs.push(await this.#transfer(`get ${remote} fetched`, idleMs));
  }

  async #transfer(command: string, idleMs: number): Promise<Transfer> {
    const cpuBeforeUs = serverCpuUs(this.#peer);
    const tookMs = (await timeSession(this.#openSsh, this.#peer, [command])) - idleMs;
    const cpuUs = serverCpuUs(this.#peer) - cpuBeforeUs;
    return { mbPerSecond: (fileMiB * 1_048_576) / 1000 / tookMs, cpuUsPerMiB: cpuUs / fileMiB };
  }
}

async function writeRandomFile(path: string, sizeMiB: number): Promise<void> {
  await using file = await open(path, "w");
  const piece = randomBytes(1_048_576);
  for (let written = 0; written < sizeMiB; written++) await file.write(piece);
}

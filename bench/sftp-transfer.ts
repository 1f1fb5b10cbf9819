import { open } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { OpenSsh } from "../e2e/harness/openssh.ts";
import { TestServer } from "../e2e/harness/server.ts";
import { writeConfig } from "../e2e/harness/server-config.ts";
import { addUser } from "../e2e/harness/users.ts";
import { median } from "./harness/median.ts";
import { openSandbox } from "./harness/open-sandbox.ts";
import type { Report } from "./harness/report.ts";
import { cipher, timeSession, type SftpPeer } from "./harness/sftp-session.ts";
import { findSshd, startSshd } from "./harness/sshd.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 5);
const fileMiB = 512;

/** One stream up and one down with OpenSSH's client, against our server and against OpenSSH's. */
export async function benchSftpTransfer(): Promise<Report> {
  const title = `one SFTP stream of ${fileMiB} MiB, ${cipher}, medians of ${rounds}`;
  const peerName = "OpenSSH's sshd and sftp-server";
  const found = findSshd();
  if ("missing" in found) return { title, peer: peerName, comparisons: [], skipped: [`all: ${found.missing}`] };
  await using stack = new AsyncDisposableStack();
  const sandbox = await openSandbox(stack);
  const openSsh = new OpenSsh(sandbox);
  const config = await writeConfig(sandbox);
  const user = await addUser(sandbox, openSsh, config, "bench");
  await TestServer.start(sandbox, { config });
  const ours: SftpPeer = { port: config.port, login: user.byKey, at: (name) => `/${name}` };
  const sshd = await startSshd(sandbox, openSsh, cipher);
  const peer: SftpPeer = { ...sshd, at: (name) => sandbox.path("homes", name) };
  await writeRandomFile(sandbox.path("local"), fileMiB);
  const [oursRates, peerRates] = [new TransferRates(openSsh, ours), new TransferRates(openSsh, peer)];
  for (let round = 0; round < rounds; round++) {
    await oursRates.measure();
    await peerRates.measure();
  }
  return {
    title,
    peer: peerName,
    comparisons: [
      { what: "upload", unit: "MB/s", ours: oursRates.up, peer: peerRates.up, wanted: { atLeast: 0.9 } },
      { what: "download", unit: "MB/s", ours: oursRates.down, peer: peerRates.down, wanted: { atLeast: 0.8 } },
    ],
  };
}

class TransferRates {
  readonly #openSsh: OpenSsh;
  readonly #peer: SftpPeer;
  readonly #up: number[] = [];
  readonly #down: number[] = [];

  constructor(openSsh: OpenSsh, peer: SftpPeer) {
    this.#openSsh = openSsh;
    this.#peer = peer;
  }

  get up(): number {
    return median(this.#up);
  }

  get down(): number {
    return median(this.#down);
  }

  /** The time of a session that moves nothing is taken off. */
  async measure(): Promise<void> {
    const remote = this.#peer.at("transferred");
    const idleMs = await timeSession(this.#openSsh, this.#peer, ["pwd"]);
    const upMs = await timeSession(this.#openSsh, this.#peer, [`put local ${remote}`]);
    const downMs = await timeSession(this.#openSsh, this.#peer, [`get ${remote} fetched`]);
    const bytes = fileMiB * 1_048_576;
    this.#up.push(bytes / 1000 / (upMs - idleMs));
    this.#down.push(bytes / 1000 / (downMs - idleMs));
  }
}

async function writeRandomFile(path: string, sizeMiB: number): Promise<void> {
  await using file = await open(path, "w");
  const piece = randomBytes(1_048_576);
  for (let written = 0; written < sizeMiB; written++) await file.write(piece);
}

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OpenSsh } from "../e2e/harness/openssh.ts";
import type { Sandbox } from "../e2e/harness/sandbox.ts";
import { TestServer } from "../e2e/harness/server.ts";
import { everyFsEvent, notifierEntry, type Section, writeConfig } from "../e2e/harness/server-config.ts";
import { skipWithout } from "../e2e/harness/tools.ts";
import { addUser } from "../e2e/harness/users.ts";
import { bundlePlugin } from "../interop/bundle-plugin.ts";
import { buildInterop } from "../interop/build.ts";
import { median } from "./harness/median.ts";
import { openSandbox } from "./harness/open-sandbox.ts";
import type { Comparison, Report } from "./harness/report.ts";
import { serverCpuUs, timeSession, type SftpPeer } from "./harness/sftp-session.ts";
import { skipWithoutSftpGo, startSftpGo } from "./harness/sftpgo.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 7);
const fileCount = 2_000;

/** What a notifier plugin costs a client that uploads many small files, and how that stands to SFTPGo. */
export async function benchSmallFiles(): Promise<readonly Report[]> {
  const title = `${fileCount} uploads of 1 KiB in one session, medians of ${rounds}`;
  const costPeer = "the same server without a plugin";
  const sftpGoPeer = "SFTPGo with a notifier plugin in Go";
  const skipped = (peer: string, why: string): Report => ({ title, peer, comparisons: [], skipped: [`all: ${why}`] });
  const missing = skipWithout("sftp", "ssh-keygen");
  if (missing !== false) return [costPeer, sftpGoPeer].map((peer) => skipped(peer, missing));
  await using stack = new AsyncDisposableStack();
  const without = await startOurs(stack, []);
  const uploads = await startOurs(stack, ["upload"]);
  const every = await startOurs(stack, everyFsEvent);
  const noSftpGo = skipWithoutSftpGo();
  const sftpGo = noSftpGo === false ? await startSftpGoWithPlugin(stack, ["upload"]) : undefined;
  for (let round = 0; round < rounds + warmUpRounds; round++) {
    for (const server of [without, uploads, every, sftpGo]) await server?.measure(`round${round}`);
  }
  return [
    {
      title,
      peer: costPeer,
      comparisons: [
        { ...compareTimes(uploads, without), what: "notifier told of uploads, AutoMTLS", wanted: { atMost: 1.1 } },
        { ...compareTimes(every, without), what: "notifier told of every event, AutoMTLS", wanted: { atMost: 1.1 } },
        { ...compareCpu(uploads, without), what: "notifier told of uploads, AutoMTLS" },
        { ...compareCpu(every, without), what: "notifier told of every event, AutoMTLS" },
      ],
    },
    sftpGo === undefined
      ? skipped(sftpGoPeer, noSftpGo === false ? "" : noSftpGo)
      : {
          title,
          peer: sftpGoPeer,
          comparisons: [
            { ...compareRates(uploads, sftpGo), what: "notifier told of uploads, AutoMTLS", wanted: { atLeast: 1.3 } },
            { ...compareCpu(uploads, sftpGo), what: "notifier told of uploads, AutoMTLS" },
          ],
        },
  ];
}

const warmUpRounds = 1;

function compareTimes(ours: SmallUploads, peer: SmallUploads): Omit<Comparison, "what"> {
  return { unit: "ms", ours: ours.medianMs, peer: peer.medianMs };
}

function compareRates(ours: SmallUploads, peer: SmallUploads): Omit<Comparison, "what"> {
  const rate = ({ medianMs }: SmallUploads): number => (fileCount / medianMs) * 1000;
  return { unit: "files/s", ours: rate(ours), peer: rate(peer) };
}

function compareCpu(ours: SmallUploads, peer: SmallUploads): Omit<Comparison, "what"> {
  return { unit: "server CPU us/file", ours: ours.medianCpuUs / fileCount, peer: peer.medianCpuUs / fileCount };
}

/** Times of sessions with one server that upload all files into a new folder. */
class SmallUploads {
  readonly #openSsh: OpenSsh;
  readonly #peer: SftpPeer;
  readonly #folder: string;
  readonly #times: number[] = [];
  readonly #cpuUs: number[] = [];

  /** `folder` holds the files. */
  constructor(openSsh: OpenSsh, peer: SftpPeer, folder: string) {
    this.#openSsh = openSsh;
    this.#peer = peer;
    this.#folder = folder;
  }

  get medianMs(): number {
    return median(this.#times.slice(warmUpRounds));
  }

  get medianCpuUs(): number {
    return median(this.#cpuUs.slice(warmUpRounds));
  }

  /** The time of a session that does nothing is taken off. */
  async measure(remote: string): Promise<void> {
    const idleMs = await timeSession(this.#openSsh, this.#peer, ["pwd"]);
    const puts = fileNames.map((name) => `put ${name} /${remote}/${name}`);
    const cpuBeforeUs = serverCpuUs(this.#peer);
    const tookMs = await timeSession(this.#openSsh, this.#peer, [`mkdir /${remote}`, ...puts], this.#folder);
    this.#times.push(tookMs - idleMs);
    this.#cpuUs.push(serverCpuUs(this.#peer) - cpuBeforeUs);
  }
}

const fileNames = Array.from({ length: fileCount }, (_, i) => `f${i}`);

async function startOurs(stack: AsyncDisposableStack, fsEvents: readonly string[]): Promise<SmallUploads> {
  const sandbox = await openSandbox(stack);
  const openSsh = new OpenSsh(sandbox);
  const plugins = fsEvents.length === 0 ? [] : [entryFor(await bundleSilentNotifier(sandbox), fsEvents)];
  const config = await writeConfig(sandbox, { plugins });
  const user = await addUser(sandbox, openSsh, config, "bench");
  const { pid } = await TestServer.start(sandbox, { config });
  const peer = { port: config.port, login: user.byKey, at: (name: string) => `/${name}`, pid };
  return new SmallUploads(openSsh, peer, await writeFiles(sandbox));
}

async function startSftpGoWithPlugin(stack: AsyncDisposableStack, fsEvents: readonly string[]): Promise<SmallUploads> {
  const sandbox = await openSandbox(stack);
  const openSsh = new OpenSsh(sandbox);
  const go = await buildInterop();
  const cmd = go === undefined ? await bundleSilentNotifier(sandbox) : go.notifierPlugin;
  const peer = await startSftpGo(sandbox, openSsh, { plugins: [entryFor(cmd, fsEvents)] });
  return new SmallUploads(openSsh, peer, await writeFiles(sandbox));
}

async function writeFiles(sandbox: Sandbox): Promise<string> {
  for (const name of fileNames) await writeFile(sandbox.path("homes", name), Buffer.alloc(1024, name));
  return sandbox.path("homes");
}

async function bundleSilentNotifier(sandbox: Sandbox): Promise<string> {
  const entry = join(import.meta.dirname, "fixtures", "silent-notifier.ts");
  return await bundlePlugin(entry, sandbox.path("plugins", "silent-notifier"));
}

function entryFor(cmd: string, fsEvents: readonly string[]): Section {
  return notifierEntry(cmd, { auto_mtls: true, notifier_options: { fs_events: fsEvents, log_events: [] } });
}

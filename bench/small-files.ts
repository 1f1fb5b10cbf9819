import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OpenSsh } from "../e2e/harness/openssh.ts";
import type { Sandbox } from "../e2e/harness/sandbox.ts";
import { TestServer } from "../e2e/harness/server.ts";
import { everyFsEvent, notifierEntry, type Section, writeConfig } from "../e2e/harness/server-config.ts";
import { skipWithout } from "../e2e/harness/tools.ts";
import { addUser } from "../e2e/harness/users.ts";
import { bundlePlugin } from "../interop/bundle-plugin.ts";
import { median } from "./harness/median.ts";
import { openSandbox } from "./harness/open-sandbox.ts";
import type { Report } from "./harness/report.ts";
import { timeSession, type SftpPeer } from "./harness/sftp-session.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 7);
const fileCount = 2_000;

/** What a notifier plugin costs a client that uploads many small files. */
export async function benchSmallFiles(): Promise<Report> {
  const title = `${fileCount} uploads of 1 KiB in one session, medians of ${rounds}`;
  const peer = "the same server without a plugin";
  const missing = skipWithout("sftp", "ssh-keygen");
  if (missing !== false) return { title, peer, comparisons: [], skipped: [`all: ${missing}`] };
  await using stack = new AsyncDisposableStack();
  const without = await startServer(stack, []);
  const uploads = await startServer(stack, ["upload"]);
  const every = await startServer(stack, everyFsEvent);
  const servers = [without, uploads, every];
  const times = servers.map((): number[] => []);
  const warmUpRounds = 1;
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [i, server] of servers.entries()) {
      const tookMs = await server.upload(`round${round}`);
      if (round >= 0) times[i]!.push(tookMs);
    }
  }
  const [withoutMs, uploadsMs, everyMs] = times.map(median) as [number, number, number];
  const wanted = { atMost: 1.1 };
  return {
    title,
    peer,
    comparisons: [
      { what: "notifier told of uploads, AutoMTLS", unit: "ms", ours: uploadsMs, peer: withoutMs, wanted },
      { what: "notifier told of every event, AutoMTLS", unit: "ms", ours: everyMs, peer: withoutMs, wanted },
    ],
  };
}

interface UploadServer {
  /** Uploads all files into a new folder of this name and tells how long that took, less a session that does nothing. */
  upload(folder: string): Promise<number>;
}

async function startServer(stack: AsyncDisposableStack, fsEvents: readonly string[]): Promise<UploadServer> {
  const sandbox = await openSandbox(stack);
  const openSsh = new OpenSsh(sandbox);
  const plugins = fsEvents.length === 0 ? [] : [await silentNotifier(sandbox, fsEvents)];
  const config = await writeConfig(sandbox, { plugins });
  const user = await addUser(sandbox, openSsh, config, "bench");
  await TestServer.start(sandbox, { config });
  const names = Array.from({ length: fileCount }, (_, i) => `f${i}`);
  for (const name of names) await writeFile(sandbox.path("homes", name), Buffer.alloc(1024, name));
  const peer: SftpPeer = { port: config.port, login: user.byKey, at: (name) => `/${name}` };
  return {
    async upload(folder) {
      const idleMs = await timeSession(openSsh, peer, ["pwd"]);
      const commands = [`mkdir /${folder}`, ...names.map((name) => `put ${name} /${folder}/${name}`)];
      return (await timeSession(openSsh, peer, commands, sandbox.path("homes"))) - idleMs;
    },
  };
}

async function silentNotifier(sandbox: Sandbox, fsEvents: readonly string[]): Promise<Section> {
  const entry = join(import.meta.dirname, "fixtures", "silent-notifier.ts");
  const cmd = await bundlePlugin(entry, sandbox.path("plugins", "silent-notifier"));
  return notifierEntry(cmd, { auto_mtls: true, notifier_options: { fs_events: fsEvents, log_events: [] } });
}

// Compares this server with OpenSSH's, each driven by OpenSSH's sftp without SSH in between:
//   node --conditions=source packages/sftp/test/speed.ts [MEGABYTES] [ROUNDS]
// Prints seconds of wall time and of CPU (client and server) per transfer, less those of a session that does nothing,
// and our server's speed relative to OpenSSH's. A machine busy with other work makes the wall times meaningless.
import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdtemp, open, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const OPENSSH_SERVER = "/usr/lib/openssh/sftp-server";
const OUR_SERVER = fileURLToPath(new URL("fixtures/stdio-server.ts", import.meta.url));

interface Cost {
  readonly wallS: number;
  readonly cpuS: number;
}

const megabytes = Number(process.argv[2] ?? 300);
const rounds = Number(process.argv[3] ?? 5);
const directory = await realpath(await mkdtemp(join(tmpdir(), "sftp-speed-")));
const servers = {
  openssh: { command: `${OPENSSH_SERVER} -d ${directory}` },
  ours: { command: `${process.execPath} --conditions=source ${OUR_SERVER} ${directory}` },
} as const;

try {
  await makeFile(join(directory, "source"), megabytes);
  await compare("idle", "pwd", undefined);
  const idle = await compare("idle", "pwd", undefined);
  await compare("up", `put ${join(directory, "source")} target`, idle);
  await compare("down", "get source /dev/null", idle);
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function makeFile(path: string, sizeMegabytes: number): Promise<void> {
  const file = await open(path, "w");
  const block = Buffer.alloc(2 ** 20);
  for (let index = 0; index < sizeMegabytes; index += 1) await file.write(randomFillSync(block));
  await file.close();
}

async function compare(
  what: string,
  command: string,
  idle: Readonly<Record<keyof typeof servers, Cost>> | undefined,
): Promise<Readonly<Record<keyof typeof servers, Cost>>> {
  const costs: Record<keyof typeof servers, Cost[]> = { openssh: [], ours: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ["openssh", "ours"] as const) {
      await rm(join(directory, "target"), { force: true });
      costs[name].push(await run(servers[name].command, command));
    }
  }
  const median = { openssh: middle(costs.openssh), ours: middle(costs.ours) };
  const openssh = less(median.openssh, idle?.openssh);
  const ours = less(median.ours, idle?.ours);
  process.stdout.write(
    `${what.padEnd(5)} OpenSSH ${show(openssh)}   ours ${show(ours)}   ` +
      `speed ${(openssh.wallS / ours.wallS).toFixed(2)}   CPU ${(ours.cpuS / openssh.cpuS).toFixed(2)}\n`,
  );
  return median;
}

/** Runs the client once; the CPU time is that of it and of the server it starts. */
async function run(server: string, command: string): Promise<Cost> {
  const before = await childrenCpuS();
  const startMs = performance.now();
  const child = spawn("sftp", ["-q", "-b", "-", "-D", server], { stdio: ["pipe", "ignore", "inherit"] });
  child.stdin.end(`${command}\n`);
  const code = await new Promise((resolve) => void child.once("close", resolve));
  if (code !== 0) process.stderr.write(`sftp ended with ${String(code)}\n`);
  return { wallS: (performance.now() - startMs) / 1000, cpuS: (await childrenCpuS()) - before };
}

/** cutime and cstime of proc(5), in clock ticks of a hundredth of a second. */
async function childrenCpuS(): Promise<number> {
  const fields = (await readFile("/proc/self/stat", "latin1")).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function middle(costs: readonly Cost[]): Cost {
  const wall = costs.map(({ wallS }) => wallS).toSorted((a, b) => a - b);
  const cpu = costs.map(({ cpuS }) => cpuS).toSorted((a, b) => a - b);
  const index = Math.floor(costs.length / 2);
  return { wallS: wall[index] ?? 0, cpuS: cpu[index] ?? 0 };
}

function less(cost: Cost, idle: Cost | undefined): Cost {
  return { wallS: cost.wallS - (idle?.wallS ?? 0), cpuS: cost.cpuS - (idle?.cpuS ?? 0) };
}

function show({ wallS, cpuS }: Cost): string {
  return `${wallS.toFixed(3)} s (CPU ${cpuS.toFixed(2)} s)`;
}

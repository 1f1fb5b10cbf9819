import { basename, join } from "node:path";
import { bundlePlugin } from "../interop/bundle-plugin.ts";
import { buildInterop } from "../interop/build.ts";
import { openTempFolder } from "../interop/temp-folder.ts";
import { installGrpcJs } from "./harness/grpc-js.ts";
import { median } from "./harness/median.ts";
import type { Comparison, Report } from "./harness/report.ts";
import type { RpcTask } from "./harness/rpc-task.ts";
import { TaskHost, type MeasuredTask, type ProcessMemory } from "./harness/task-host.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 7);
const MIB = 1024 * 1024;
const STREAM_MIB = 256;

const PEER = "Go host x Go plugin";
const OUR_HOST = "our host x Go plugin";
const OUR_PLUGIN = "Go host x our plugin";
const OURS = "ours x ours";
const GRPC_JS = "grpc-js x grpc-js";

/** What is asked of a task, by pairing; see the design's list of speeds. */
type Wanted = Readonly<Record<string, Comparison["wanted"]>>;

interface Row {
  readonly what: string;
  readonly task: RpcTask;
  readonly figures: readonly {
    readonly unit: string;
    readonly of: (result: MeasuredTask) => number;
    readonly wanted?: Wanted;
  }[];
}

const ROWS: readonly Row[] = [
  calls(1, 2_000, { [OURS]: 2, [OUR_HOST]: 1.2, [OUR_PLUGIN]: 1.2 }),
  calls(32, 15_000, { [OURS]: 4, [OUR_HOST]: 1.3, [OUR_PLUGIN]: 1.3 }),
  calls(250, 20_000, { [OURS]: 4, [OUR_HOST]: 1.3, [OUR_PLUGIN]: 1.3 }),
  {
    what: "1 MiB there and back",
    task: { kind: "echo", inFlight: 1, count: 60, sizeBytes: MIB },
    figures: [{ unit: "p50 us", of: ({ p50Us }) => p50Us }],
  },
  stream("upload", "stream to the plugin"),
  stream("download", "stream from the plugin"),
  {
    what: "spawn to first answer",
    task: { kind: "start", inFlight: 1, count: 3 },
    figures: [{ unit: "ms", of: ({ p50Us }) => p50Us / 1000 }],
  },
];

function calls(inFlight: number, count: number, atLeast: Readonly<Record<string, number>>): Row {
  const isMany = inFlight > 1;
  return {
    what: `calls, ${inFlight} in flight`,
    task: { kind: "calls", inFlight, count },
    figures: [
      {
        unit: "calls/s",
        of: ({ seconds }) => count / seconds,
        wanted: Object.fromEntries(Object.entries(atLeast).map(([name, ratio]) => [name, { atLeast: ratio }])),
      },
      { unit: "p50 us", of: ({ p50Us }) => p50Us },
      { unit: "p99 us", of: ({ p99Us }) => p99Us },
      {
        unit: "host CPU us",
        of: ({ cpuUsPerCall }) => cpuUsPerCall,
        wanted: isMany ? { [OUR_HOST]: { atMost: 0.5 } } : {},
      },
      { unit: "plugin CPU us", of: ({ pluginCpuUsPerCall }) => pluginCpuUsPerCall },
    ],
  };
}

function stream(kind: "upload" | "download", what: string): Row {
  return {
    what,
    task: { kind, inFlight: 1, count: 1, sizeBytes: STREAM_MIB * MIB },
    figures: [{ unit: "MB/s", of: ({ seconds }) => (STREAM_MIB * MIB) / 1e6 / seconds }],
  };
}

interface Pairing {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * What a call between host and plugin costs, for every pairing of ours and Go's, and of grpc-js for those who ask why it
 * is not used. The wanted ratios are those over AutoMTLS.
 */
export async function benchRpc(): Promise<readonly Report[]> {
  const go = await buildInterop();
  if (go === undefined) return [{ title: "rpc", peer: PEER, comparisons: [], skipped: ["all: go is not installed"] }];
  const grpcJs = await installGrpcJs();
  await using folder = await openTempFolder();
  // Hosts and plugins as they are shipped: one file each.
  const bundle = (entry: string): Promise<string> =>
    bundlePlugin(join(import.meta.dirname, `${entry}.ts`), folder.at(basename(entry)));
  const ourHost = await bundle("harness/rpc-host");
  const ourPlugin = await bundle("fixtures/bench-plugin");
  const grpcJsHost = await bundle("harness/grpc-js-host");
  const grpcJsPlugin = await bundle("fixtures/grpc-js-plugin");
  const reports: Report[] = [];
  for (const tls of ["none", "auto"] as const) {
    const pairings: Pairing[] = [
      { name: PEER, command: go.benchHost, args: [tls, go.benchPlugin] },
      { name: OURS, command: ourHost, args: [tls, ourPlugin] },
      { name: OUR_HOST, command: ourHost, args: [tls, go.benchPlugin] },
      { name: OUR_PLUGIN, command: go.benchHost, args: [tls, ourPlugin] },
      ...("folder" in grpcJs ? [{ name: GRPC_JS, command: grpcJsHost, args: [tls, grpcJsPlugin, grpcJs.folder] }] : []),
    ];
    reports.push({
      title: `rpc, ${tls === "auto" ? "AutoMTLS" : "plaintext"}, 224-byte event, medians of ${rounds} rounds`,
      peer: PEER,
      comparisons: await measure(pairings, tls === "auto"),
      ...("missing" in grpcJs && { skipped: [`${GRPC_JS}: ${grpcJs.missing}`] }),
    });
  }
  return reports;
}

/** Every pairing in turn within each round, so that what else the machine does falls on all alike. */
async function measure(pairings: readonly Pairing[], hasTargets: boolean): Promise<Comparison[]> {
  await using stack = new AsyncDisposableStack();
  const hosts: (Measured & { results: MeasuredTask[][] })[] = [];
  for (const { name, command, args } of pairings) {
    const host = stack.use(await TaskHost.start(command, args));
    await host.measure({ kind: "calls", inFlight: 1, count: 1 });
    hosts.push({ name, host, idle: host.memory(), results: ROWS.map(() => []) });
  }
  const warmUpRounds = 2;
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [row, { task }] of ROWS.entries()) {
      for (const { host, results } of hosts) {
        const result = await host.measure(task);
        if (round >= 0) results[row]!.push(result);
      }
    }
  }
  const [peer, ...others] = hosts;
  const rows = ROWS.flatMap(({ what, figures }, row) =>
    figures.flatMap(({ unit, of, wanted }) =>
      others.map(({ name, results }): Comparison => {
        const goal = hasTargets ? wanted?.[name] : undefined;
        return {
          what: `${what}: ${name}`,
          unit,
          ...compareRounds(results[row]!.map(of), peer!.results[row]!.map(of)),
          ...(goal !== undefined && { wanted: goal }),
        };
      }),
    ),
  );
  return [...rows, ...compareMemory(peer!, others)].filter(({ ours, peer: theirs }) => ours > 0 && theirs > 0);
}

/** The median of the rounds' ratios: what slows a whole round down does not count. */
function compareRounds(ours: readonly number[], peer: readonly number[]): Pick<Comparison, "ours" | "peer" | "ratio"> {
  return { ours: median(ours), peer: median(peer), ratio: median(ours.map((value, i) => value / peer[i]!)) };
}

interface Measured {
  readonly name: string;
  readonly host: TaskHost;
  /** After the first call. */
  readonly idle: ProcessMemory;
}

function compareMemory(peer: Measured, others: readonly Measured[]): Comparison[] {
  const rows = (what: string, of: (measured: Measured) => ProcessMemory): Comparison[] =>
    others.flatMap((measured) => [
      { what: `host ${what}: ${measured.name}`, unit: "MiB", ours: of(measured).hostMib, peer: of(peer).hostMib },
      { what: `plugin ${what}: ${measured.name}`, unit: "MiB", ours: of(measured).pluginMib, peer: of(peer).pluginMib },
    ]);
  return [...rows("idle", ({ idle }) => idle), ...rows("after all of it", ({ host }) => host.memory())];
}

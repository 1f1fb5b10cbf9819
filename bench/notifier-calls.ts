import { join } from "node:path";
import { bundlePlugin } from "../interop/bundle-plugin.ts";
import { buildInterop } from "../interop/build.ts";
import { openTempFolder } from "../interop/temp-folder.ts";
import { median } from "./harness/median.ts";
import type { Comparison, Report } from "./harness/report.ts";
import { RoundHost, type MeasuredRound, type Round } from "./harness/round-host.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 7);
const levels: readonly Round[] = [
  { inFlight: 1, count: 2_000 },
  { inFlight: 32, count: 15_000 },
  { inFlight: 250, count: 20_000 },
];

interface Pairing {
  readonly name: string;
  /** The ratio of calls per second wanted, by level. */
  readonly wanted: readonly number[];
  readonly command: string;
  readonly args: readonly string[];
}

/** Calls per second and processor time of the host per call, every pairing of hosts and plugins with AutoMTLS. */
export async function benchNotifierCalls(): Promise<readonly Report[]> {
  const title = `notifier calls over AutoMTLS, 224-byte event, 1/32/250 in flight, medians of ${rounds} rounds`;
  const peer = "Go host x Go plugin";
  const go = await buildInterop();
  if (go === undefined) return [{ title, peer, comparisons: [], skipped: ["all: go is not installed"] }];
  await using folder = await openTempFolder();
  const fixture = join(import.meta.dirname, "fixtures", "silent-notifier.ts");
  const ourPlugin = await bundlePlugin(fixture, folder.at("silent-notifier"));
  const goHost = ["-bench", "-auto-mtls", "-log-level", "error", "-env-vars", "PATH"];
  const ourHost = ["--conditions=source", join(import.meta.dirname, "harness", "notifier-host.ts"), "auto"];
  const node = process.execPath;
  const results = await measure([
    { name: "Go host x Go plugin", wanted: [], command: go.notifierHost, args: [...goHost, go.notifierPlugin] },
    { name: "our host x our plugin", wanted: [2, 4, 4], command: node, args: [...ourHost, ourPlugin] },
    { name: "our host x Go plugin", wanted: [1.2, 1.3, 1.3], command: node, args: [...ourHost, go.notifierPlugin] },
    { name: "Go host x our plugin", wanted: [1.2, 1.3, 1.3], command: go.notifierHost, args: [...goHost, ourPlugin] },
  ]);
  const report = {
    title,
    peer,
    comparisons: [...compareCalls(results), ...compareHostCpu(results), ...comparePluginCpu(results)],
  };
  return [report];
}

type Results = ReadonlyMap<Pairing, readonly (readonly MeasuredRound[])[]>;

/** Every pairing in turn within each round, so that what else the machine does falls on all alike. */
async function measure(pairings: readonly Pairing[]): Promise<Results> {
  await using stack = new AsyncDisposableStack();
  const hosts = new Map<Pairing, RoundHost>();
  for (const pairing of pairings) hosts.set(pairing, stack.use(await RoundHost.start(pairing.command, pairing.args)));
  const results = new Map(pairings.map((pairing) => [pairing, levels.map((): MeasuredRound[] => [])]));
  const warmUpRounds = 2;
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [i, level] of levels.entries()) {
      for (const [pairing, host] of hosts) {
        const result = await host.measure(level);
        if (round >= 0) results.get(pairing)![i]!.push(result);
      }
    }
  }
  return results;
}

function compareCalls(results: Results): Comparison[] {
  return compare(results, "calls/s", ({ callsPerSecond }) => callsPerSecond).map(({ pairing, level, ...row }) => ({
    ...row,
    wanted: { atLeast: pairing.wanted[level]! },
  }));
}

function compareHostCpu(results: Results): Comparison[] {
  return compare(results, "host CPU us/call", ({ cpuUsPerCall }) => cpuUsPerCall)
    .filter(({ pairing }) => pairing.name.startsWith("our host"))
    .map(({ pairing, level, ...row }) => ({
      ...row,
      ...(pairing.name === "our host x Go plugin" && level > 0 && { wanted: { atMost: 0.5 } }),
    }));
}

function comparePluginCpu(results: Results): Comparison[] {
  return compare(results, "plugin CPU us/call", ({ pluginCpuUsPerCall }) => pluginCpuUsPerCall)
    .filter(({ pairing, ours }) => pairing.name.endsWith("our plugin") && !Number.isNaN(ours))
    .map(({ what, unit, ours, peer }) => ({ what, unit, ours, peer }));
}

interface Compared extends Comparison {
  readonly pairing: Pairing;
  /** Index into `levels`. */
  readonly level: number;
}

/** The medians of one figure of every pairing against those of the first. */
function compare(results: Results, unit: string, figure: (round: MeasuredRound) => number): Compared[] {
  const [baseline, ...others] = [...results];
  return others.flatMap(([pairing, ours]) =>
    levels.map(({ inFlight }, level) => ({
      pairing,
      level,
      what: `${pairing.name}, ${inFlight} in flight`,
      unit,
      ours: median(ours[level]!.map(figure)),
      peer: median(baseline![1][level]!.map(figure)),
    })),
  );
}

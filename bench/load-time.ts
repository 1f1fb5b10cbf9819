import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPackages } from "../scripts/build-packages.ts";
import { median } from "./harness/median.ts";
import type { Report } from "./harness/report.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 30);

/**
 * What a program may wait for a package before its own first line. Two thirds of it are parsing, and that goes by tokens:
 * minified code is no faster. A jump of 3 to 4 ms is the first garbage collection, which comes with about another 100 KB
 * of code (`node --trace-gc`).
 */
const WANTED_MS = 15;

const ENTRIES = [
  "@fairlead/grpc",
  "@fairlead/go-plugin",
  "@fairlead/go-plugin/host",
  "@fairlead/go-plugin/serve",
  "@fairlead/go-plugin/testing",
];

/** From the start of Node to its end, with one entry loaded as it is published, and with none. */
export async function benchLoadTime(): Promise<readonly Report[]> {
  await buildPackages();
  // Where the packages are found by their names.
  const folder = mkdtempSync(join(import.meta.dirname, "../node_modules/.load-time-"));
  try {
    const programs = ["", ...ENTRIES].map((entry, index) => {
      const path = join(folder, `${index}.mjs`);
      writeFileSync(path, entry === "" ? "" : `import "${entry}";\n`);
      return { entry, path, times: [] as number[] };
    });
    for (let round = 0; round < rounds; round++) {
      for (const { path, times } of programs) times.push(timeProgram(path));
    }
    const [bare, ...loading] = programs.map(({ entry, times }) => ({ entry, ms: median(times) }));
    const report = {
      title: `loading an entry, process time less that of a bare Node (${bare!.ms.toFixed(1)} ms), medians of ${rounds}`,
      peer: `${WANTED_MS} ms`,
      comparisons: loading.map(({ entry, ms }) => ({
        what: entry,
        unit: "ms",
        ours: ms - bare!.ms,
        peer: WANTED_MS,
        wanted: { atMost: 1 },
      })),
    };
    return [report];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function timeProgram(path: string): number {
  const start = performance.now();
  execFileSync(process.execPath, [path]);
  return performance.now() - start;
}

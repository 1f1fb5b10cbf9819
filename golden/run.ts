/**
 * `npm run test:golden`: replays the recorded situations, all or those that are named (`npm run test:golden -- N-upload-new`,
 * `-- files logins`), writes what is not as recorded to golden/report/, and ends with a line `N passed, N failed`.
 */
import { existsSync, globSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { DELIBERATE_DIFFERENCES } from "./deliberate-differences.ts";
import { deliberateEntriesOf } from "./harness/deliberate.ts";
import { allRecordings } from "./harness/recording.ts";
import { formatDifference, reportFolder, type SituationReport } from "./harness/report.ts";
import { NOT_REPLAYED, reasonNotReplayed } from "./not-replayed.ts";

/** Groups that wait for themselves most of the time leave the processors to others. */
const GROUPS_AT_ONCE = 4;

interface Selection {
  readonly files: readonly string[];
  readonly names: RegExp | undefined;
}

interface Outcome {
  passed: number;
  failed: number;
  readonly skipped: string[];
}

/** Names of groups choose files, everything else situations. */
function select(asked: readonly string[]): Selection {
  const all = globSync("groups/*.test.ts", { cwd: import.meta.dirname }).sort();
  const files = all.filter((file) => asked.includes(basename(file, ".test.ts")));
  const ids = asked.filter((name) => !files.some((file) => basename(file, ".test.ts") === name));
  const pattern = ids.map((id) => id.replaceAll(/[\\^$.|?+()[\]{}]/g, "\\$&").replaceAll("*", ".*")).join("|");
  return {
    files: (files.length === 0 || ids.length > 0 ? all : files).map((file) => join(import.meta.dirname, file)),
    names: ids.length === 0 ? undefined : new RegExp(`^(?:${pattern}): `),
  };
}

async function runGroups({ files, names }: Selection): Promise<Outcome> {
  const outcome: Outcome = { passed: 0, failed: 0, skipped: [] };
  const events = run({
    files: [...files],
    execArgv: ["--conditions=source"],
    concurrency: GROUPS_AT_ONCE,
    timeout: 300_000,
    ...(names === undefined ? {} : { testNamePatterns: [names] }),
  });
  events.on("test:pass", ({ name, skip, details }) => {
    if (skip !== undefined && skip !== false) outcome.skipped.push(`${name}: ${String(skip)}`);
    else if (details.type !== "suite" && name.includes(": ")) outcome.passed += 1;
  });
  events.on("test:fail", ({ details }) => {
    if (details.type !== "suite") outcome.failed += 1;
  });
  // A group whose server does not start has failed even if no situation of it has.
  let failedFiles = 0;
  events.on("test:summary", ({ file, success }) => {
    if (file !== undefined && !success) failedFiles += 1;
  });
  for await (const text of events.compose(spec)) process.stdout.write(text as string);
  if (outcome.failed === 0) outcome.failed = failedFiles;
  return outcome;
}

function readReports(): SituationReport[] {
  const folder = join(reportFolder, "situations");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as SituationReport);
}

function writeReport(reports: readonly SituationReport[]): string {
  const sections = reports
    .filter(({ unexplained, deliberate }) => unexplained.length + deliberate.length > 0)
    .map(({ id, title, unexplained, deliberate }) => {
      const meant = deliberate.map((difference) => {
        const reason = DELIBERATE_DIFFERENCES[difference.entry]?.reason ?? "";
        return `- deliberate: ${formatDifference(difference)}\n    because:  ${reason}`;
      });
      return [`## ${id}: ${title}`, "", ...unexplained.map((one) => `- ${formatDifference(one)}`), ...meant, ""].join(
        "\n",
      );
    });
  const file = join(reportFolder, "differences.md");
  writeFileSync(file, `# What is not as recorded\n\n${sections.join("\n")}`);
  return file;
}

/** Entries of the list that explained nothing in a whole run. */
function staleEntries(reports: readonly SituationReport[]): string[] {
  const used = new Set(reports.flatMap(({ id, deliberate }) => deliberate.map(({ entry }) => `${entry} ${id}`)));
  const ran = new Set(reports.map(({ id }) => id));
  return DELIBERATE_DIFFERENCES.flatMap((entry, index) =>
    (entry.sometimes === true ? [] : deliberateEntriesOf(entry, [...ran]))
      .filter(({ ids }) => !ids.some((id) => used.has(`${index} ${id}`)))
      .map(({ pattern }) => `"${entry.at}" of ${pattern} is not different any more, or never ran: ${entry.reason}`),
  );
}

function sayWhatIsNotReplayed(): void {
  const ids = [...allRecordings().keys()];
  const without = ids.filter((id) => reasonNotReplayed(id) !== undefined);
  console.log(`\n${without.length} situations of ${ids.length} not replayed:`);
  for (const { reason } of NOT_REPLAYED) {
    console.log(`  ${without.filter((id) => reasonNotReplayed(id) === reason).length}: ${reason}`);
  }
}

const asked = process.argv.slice(2);
rmSync(reportFolder, { recursive: true, force: true });
const outcome = await runGroups(select(asked));
const reports = readReports();
for (const skipped of outcome.skipped) console.log(`skipped: ${skipped}`);
if (reports.length > 0) console.log(`\ndifferences: ${writeReport(reports)}`);
if (asked.length === 0 && outcome.skipped.length === 0) {
  const stale = staleEntries(reports);
  for (const entry of stale) console.log(`stale deliberate difference: ${entry}`);
  outcome.failed += stale.length;
}
const deliberate = reports.flatMap((report) => report.deliberate).length;
console.log(
  `${deliberate} deliberate differences in ${reports.filter((one) => one.deliberate.length > 0).length} situations`,
);
sayWhatIsNotReplayed();
console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
// Nothing replayed is no success either.
if (outcome.failed > 0 || outcome.passed === 0) process.exitCode = 1;

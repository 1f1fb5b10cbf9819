import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../e2e/harness/repository.ts";
import type { Difference } from "./compare.ts";

/** Not in git: written anew by each run. */
export const reportFolder = join(repositoryRoot, "golden", "report");

export interface SituationReport {
  readonly id: string;
  readonly title: string;
  /** Not as recorded, and no entry says that it should be so. */
  readonly unexplained: readonly Difference[];
  /** Index of the entry in the list of deliberate differences. */
  readonly deliberate: readonly (Difference & { readonly entry: number })[];
}

export function writeSituationReport(report: SituationReport): void {
  mkdirSync(join(reportFolder, "situations"), { recursive: true });
  const file = join(reportFolder, "situations", `${report.id.replaceAll("/", "_")}.json`);
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
}

export function formatDifference({ at, ours, theirs }: Difference): string {
  return `${at}\n    ours:     ${show(ours)}\n    recorded: ${show(theirs)}`;
}

function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 900 ? `${text.slice(0, 900)}…` : text;
}

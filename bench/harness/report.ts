/** One quantity, measured of ours and of the peer in the same run. */
export interface Comparison {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: number;
  /** Default: ours / peer. */
  readonly ratio?: number;
  /** What the ratio should be; absent when it is printed for orientation only. */
  readonly wanted?: { readonly atLeast: number } | { readonly atMost: number };
}

/** What a benchmark has to say. */
export interface Report {
  readonly title: string;
  /** What the second column is. */
  readonly peer: string;
  readonly comparisons: readonly Comparison[];
  /** Rows that could not be measured, with the reason. */
  readonly skipped?: readonly string[];
}

const header = ["", "", "ours", "peer", "ratio", "wanted", ""];

/** The report as an aligned table. */
export function formatReport({ title, peer, comparisons, skipped = [] }: Report): string {
  const rows = comparisons.map((comparison) => formatRow(comparison));
  const widths = header.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]!.length)));
  const lines = [header, ...rows].map((row) => formatCells(row, widths));
  const missing = skipped.map((what) => `  SKIPPED ${what}`);
  return [`${title} (peer: ${peer})`, ...(rows.length > 0 ? lines : []), ...missing, ""].join("\n");
}

function formatRow({ what, unit, ours, peer, ratio = ours / peer, wanted }: Comparison): string[] {
  return [what, unit, formatNumber(ours), formatNumber(peer), ratio.toFixed(2), ...formatWanted(ratio, wanted)];
}

function formatWanted(ratio: number, wanted: Comparison["wanted"]): [string, string] {
  if (wanted === undefined) return ["", ""];
  if ("atLeast" in wanted) return [`>= ${wanted.atLeast}`, ratio >= wanted.atLeast ? "yes" : "NO"];
  return [`<= ${wanted.atMost}`, ratio <= wanted.atMost ? "yes" : "NO"];
}

function formatNumber(value: number): string {
  const digits = value >= 1000 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function formatCells(cells: readonly string[], widths: readonly number[]): string {
  const leftAligned = 2;
  const padded = cells.map((cell, i) => (i < leftAligned ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)));
  return `  ${padded.join("  ")}`.trimEnd();
}

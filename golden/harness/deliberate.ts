import { isDeepStrictEqual } from "node:util";
import { DELIBERATE_DIFFERENCES, type DeliberateDifference } from "../deliberate-differences.ts";
import type { Difference } from "./compare.ts";
import { matches } from "./matches.ts";

/** The entry, by its index in the list, that explains a difference. */
export function deliberateIndex(id: string, difference: Difference): number | undefined {
  const index = DELIBERATE_DIFFERENCES.findIndex((entry) => explains(entry, id, difference));
  return index < 0 ? undefined : index;
}

function explains(entry: DeliberateDifference, id: string, { at, ours, theirs }: Difference): boolean {
  return (
    entry.situations.some((pattern) => matches(pattern, id)) &&
    matches(entry.at, at) &&
    (!("ours" in entry) || isDeepStrictEqual(entry.ours, ours)) &&
    (!("theirs" in entry) || isDeepStrictEqual(entry.theirs, theirs))
  );
}

/** RPCs that are known not to come, by the names of their differences. */
export function expectedMissing(id: string, names: readonly string[]): number {
  return names.filter(
    (name) => deliberateIndex(id, { at: `missing: ${name}`, ours: undefined, theirs: undefined }) !== undefined,
  ).length;
}

/** Each pattern of an entry with the situations it means: every one of them must be needed. */
export function deliberateEntriesOf(
  { situations }: DeliberateDifference,
  ids: readonly string[],
): { readonly pattern: string; readonly ids: readonly string[] }[] {
  return situations.map((pattern) => ({ pattern, ids: ids.filter((id) => matches(pattern, id)) }));
}

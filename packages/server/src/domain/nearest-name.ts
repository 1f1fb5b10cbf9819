/** Longest name that is compared; the comparison takes time in proportion to the square. */
const MAX_CHARACTERS = 64;

/**
 * The name most like a misspelt one, when one is like it enough to be what was meant: no more than a third of its
 * characters differ, or one is the beginning of the other.
 */
export function nearestName(wrong: string, names: Iterable<string>): string | undefined {
  if (wrong.length > MAX_CHARACTERS) {
    return undefined;
  }
  let nearest: string | undefined;
  let best = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const distance = editDistance(wrong, name);
    const isLike = distance * 3 <= Math.max(wrong.length, name.length) || isBeginning(wrong, name);
    if (isLike && distance < best) {
      nearest = name;
      best = distance;
    }
  }
  return nearest;
}

function isBeginning(one: string, other: string): boolean {
  return Math.min(one.length, other.length) > 2 && (one.startsWith(other) || other.startsWith(one));
}

/** How many characters must be put in, taken out, replaced, or swapped with their neighbour (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[line - 1] === to[column - 1];
      const isSwapped = from[line - 1] === to[column - 2] && from[line - 2] === to[column - 1];
      next.push(
        Math.min(
          (row[column - 1] ?? 0) + (isSame ? 0 : 1),
          (row[column] ?? 0) + 1,
          (next[column - 1] ?? 0) + 1,
          isSwapped ? (before[column - 2] ?? Number.POSITIVE_INFINITY) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = row;
    row = next;
  }
  return row[to.length] ?? 0;
}

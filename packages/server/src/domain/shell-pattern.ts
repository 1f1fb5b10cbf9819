/**
 * Shell patterns with the meaning of Go's `path.Match`, which SFTPGo uses in user documents: `*` any run of
 * characters but "/", `?` one of them, `[a-z]` and `[^a-z]` classes, `\x` the character x. Anything else is itself.
 * Matching takes at most (pattern × text) steps, so no pattern can stall the server.
 */
export interface ShellPattern {
  readonly text: string;
  matches(text: string): boolean;
}

type Part =
  | { readonly kind: "literal"; readonly character: string }
  | { readonly kind: "any" }
  | { readonly kind: "run" }
  | { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** Undefined when the pattern is malformed (open class, lone backslash at the end). */
export function parseShellPattern(text: string): ShellPattern | undefined {
  const parts = parseParts(Array.from(text));
  return parts && { text, matches: (candidate) => matchParts(parts, Array.from(candidate)) };
}

export function hasPatternCharacters(text: string): boolean {
  return /[*?[\\]/.test(text);
}

function parseParts(characters: readonly string[]): Part[] | undefined {
  const parts: Part[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "*") parts.push({ kind: "run" });
    else if (character === "?") parts.push({ kind: "any" });
    else if (character === "\\") {
      const escaped = characters[++at];
      if (escaped === undefined) return undefined;
      parts.push({ kind: "literal", character: escaped });
    } else if (character === "[") {
      const parsed = parseClass(characters, at + 1);
      if (!parsed) return undefined;
      parts.push(parsed.part);
      at = parsed.end;
    } else parts.push({ kind: "literal", character });
  }
  return parts;
}

function parseClass(characters: readonly string[], start: number): { part: Part; end: number } | undefined {
  const negated = characters[start] === "^";
  const ranges: (readonly [string, string])[] = [];
  let at = negated ? start + 1 : start;
  while (characters[at] !== "]" || ranges.length === 0) {
    const low = readClassCharacter(characters, at);
    if (!low) return undefined;
    at = low.next;
    if (characters[at] === "-") {
      const high = readClassCharacter(characters, at + 1);
      if (!high) return undefined;
      ranges.push([low.character, high.character]);
      at = high.next;
    } else ranges.push([low.character, low.character]);
  }
  return { part: { kind: "class", negated, ranges }, end: at };
}

function readClassCharacter(
  characters: readonly string[],
  at: number,
): { character: string; next: number } | undefined {
  const character = characters[at];
  if (character === undefined || character === "-" || character === "]") return undefined;
  if (character !== "\\") return { character, next: at + 1 };
  const escaped = characters[at + 1];
  return escaped === undefined ? undefined : { character: escaped, next: at + 2 };
}

function matchParts(parts: readonly Part[], text: readonly string[]): boolean {
  let part = 0;
  let at = 0;
  let retryPart = -1;
  let retryAt = 0;
  while (at < text.length || part < parts.length) {
    const current = parts[part];
    if (current?.kind === "run") {
      retryPart = part++;
      retryAt = at;
    } else if (current && at < text.length && matchesOne(current, text[at]!)) {
      part++;
      at++;
    } else if (retryPart >= 0 && retryAt < text.length && text[retryAt] !== "/") {
      // The nearest run takes one character more; earlier runs never need to change.
      part = retryPart + 1;
      at = ++retryAt;
    } else return false;
  }
  return true;
}

function matchesOne(part: Part, character: string): boolean {
  switch (part.kind) {
    case "literal":
      return part.character === character;
    case "any":
      return character !== "/";
    case "class":
      return (
        character !== "/" && part.negated !== part.ranges.some(([low, high]) => low <= character && character <= high)
      );
    default:
      return false;
  }
}

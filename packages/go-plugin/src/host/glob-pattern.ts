import { PluginError } from "../plugin-error.ts";

type Token =
  | { readonly kind: "star" }
  | { readonly kind: "any" }
  | { readonly kind: "set"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] }
  | { readonly kind: "literal"; readonly character: string };

const LONGEST_PATTERN = 4_096;

/** One part of a pattern, between two slashes. */
export class GlobPart {
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The name it stands for, if it can stand for only one. */
  get literal(): string | undefined {
    let text = "";
    for (const token of this.#tokens) {
      if (token.kind !== "literal") return undefined;
      text += token.character;
    }
    return text;
  }

  /** In time proportional to pattern times name: only the last star is ever taken back. */
  matches(name: string): boolean {
    const [tokens, characters] = [this.#tokens, Array.from(name)];
    let [at, next] = [0, 0];
    let star = -1;
    let starAt = 0;
    while (at < characters.length) {
      const token = tokens[next];
      if (token?.kind === "star") {
        [star, starAt] = [next++, at];
      } else if (token !== undefined && takes(token, characters[at]!)) {
        at++;
        next++;
      } else if (star !== -1) {
        [at, next] = [++starAt, star + 1];
      } else {
        return false;
      }
    }
    return tokens.slice(next).every(({ kind }) => kind === "star");
  }
}

/**
 * Reads a pattern as Go's filepath.Match does: `*` and `?` within a name, `[a-z]` and `[^a-z]`, `\` before a character
 * that means itself. Braces and `**` mean nothing special. Throws `ERR_INVALID_OPTION`.
 */
export function parseGlobPattern(pattern: string): GlobPart[] {
  if (typeof pattern !== "string") throw badPattern(String(pattern), "it is no text");
  if (pattern.length > LONGEST_PATTERN) throw badPattern(pattern, `it has ${pattern.length} characters`);
  const parts = pattern.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0) throw badPattern(pattern, "it names nothing");
  // A folder is where to look, and nowhere else.
  if (parts.includes("..")) throw badPattern(pattern, "it leaves its folder");
  return parts.map((part) => new GlobPart(readTokens(Array.from(part), pattern)));
}

function readTokens(characters: readonly string[], pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "*") tokens.push({ kind: "star" });
    else if (character === "?") tokens.push({ kind: "any" });
    else if (character === "[") {
      const end = readSet(characters, at + 1, pattern, tokens);
      at = end;
    } else if (character === "\\") {
      at++;
      tokens.push({ kind: "literal", character: characters[at] ?? unfinished(pattern) });
    } else tokens.push({ kind: "literal", character });
  }
  return tokens;
}

/** Returns the index of the closing bracket. */
function readSet(characters: readonly string[], start: number, pattern: string, tokens: Token[]): number {
  let at = start;
  const negated = characters[at] === "^";
  if (negated) at++;
  const ranges: [string, string][] = [];
  const readMember = (): string => {
    const escaped = characters[at] === "\\";
    if (escaped) at++;
    const character = characters[at++] ?? unfinished(pattern);
    return !escaped && (character === "-" || character === "]") ? unfinished(pattern) : character;
  };
  while (characters[at] !== "]" || ranges.length === 0) {
    const low = readMember();
    let high = low;
    if (characters[at] === "-") {
      at++;
      high = readMember();
    }
    ranges.push([low, high]);
  }
  tokens.push({ kind: "set", negated, ranges });
  return at;
}

function takes(token: Token, character: string): boolean {
  switch (token.kind) {
    case "any":
      return true;
    case "literal":
      return token.character === character;
    case "set": {
      const point = character.codePointAt(0)!;
      const inSet = token.ranges.some(([low, high]) => low.codePointAt(0)! <= point && point <= high.codePointAt(0)!);
      return inSet !== token.negated;
    }
    default:
      return false;
  }
}

function unfinished(pattern: string): never {
  throw badPattern(pattern, "syntax error in pattern");
}

function badPattern(pattern: string, problem: string): PluginError {
  return new PluginError(
    "ERR_INVALID_OPTION",
    `discover: the pattern ${JSON.stringify(pattern.slice(0, 200))} cannot be used: ${problem}`,
    { details: { option: "pattern" } },
  );
}

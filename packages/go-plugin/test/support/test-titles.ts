/** The titles of tests, read from their source. */

export interface TestTitle {
  /** As it is written, `${…}` included; "(not a literal)" when it is no string or template. */
  readonly title: string;
  /** What it names in brackets at its end: requirements of go-plugin's protocol. */
  readonly ids: readonly string[];
}

const CALL = /(?<![.\w])(?:test|it)(?:\.(?:only|skip|todo))?\(\s*/g;

/**
 * Every `test("… [an:id other:id]", …)` and `it(…)` of a source text. A title that ends in `[${ids}]` names what the
 * file has as `ids: "…"`: that is how rows of a table name their own.
 */
export function readTitles(source: string): TestTitle[] {
  const ofRows = [...source.matchAll(/\bids: "([^"]*)"/g)].flatMap(([, ids]) => ids!.split(" "));
  const titles: TestTitle[] = [];
  const calls = new RegExp(CALL);
  while (calls.exec(source) !== null) {
    const title = readLiteral(source, calls.lastIndex);
    if (title !== NO_LITERAL) calls.lastIndex += title.length;
    const [, list] = /\[([^[\]]+)\]$/.exec(title) ?? [];
    titles.push({ title, ids: list === undefined ? [] : list === "${ids}" ? ofRows : list.split(" ") });
  }
  return titles;
}

const NO_LITERAL = "(not a literal)";

function readLiteral(source: string, start: number): string {
  const quote = source[start];
  if (quote !== '"' && quote !== "`") return NO_LITERAL;
  return source.slice(start + 1, endOfLiteral(source, start));
}

/** The index of the quote that closes the literal at `start`, past whatever `${…}` hold. */
function endOfLiteral(source: string, start: number): number {
  const quote = source[start];
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === quote) return at;
    if (source[at] === "\\") at++;
    else if (quote === "`" && source.startsWith("${", at)) at = endOfSubstitution(source, at + 2);
  }
  return source.length;
}

/** The index of the brace that closes the substitution whose expression begins at `start`. */
function endOfSubstitution(source: string, start: number): number {
  for (let at = start, depth = 1; at < source.length; at++) {
    const character = source[at]!;
    if ('"`'.includes(character)) at = endOfLiteral(source, at);
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at;
  }
  return source.length;
}

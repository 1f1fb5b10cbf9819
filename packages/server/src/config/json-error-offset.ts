const TOKEN =
  // eslint-disable-next-line no-control-regex -- RFC 8259 section 7 forbids just these in strings
  /[{}[\]:,]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /[ \t\r\n]*/y;

/** What may come next. */
type Expected = "colon" | "comma or end" | "key" | "key or end" | "nothing" | "value" | "value or end";

/**
 * Where a text stops being JSON: the offset of the first character that cannot stand there, or the
 * length of a text that ends too soon. `JSON.parse` tells it only for some of its errors.
 */
export function jsonErrorOffset(text: string): number {
  const open: ("[" | "{")[] = [];
  let expected: Expected = "value";
  for (let offset = skip(SPACE, text, 0); offset < text.length;) {
    const end = skip(TOKEN, text, offset);
    const next: Expected | undefined = end === offset ? undefined : step(text.slice(offset, end), expected, open);
    if (next === undefined) {
      return offset;
    }
    expected = next;
    offset = skip(SPACE, text, end);
  }
  return text.length;
}

/** The offset after what `pattern` matches at `offset`. */
function skip(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : offset;
}

/** What is expected after `token`; `undefined` when it cannot stand here. */
function step(token: string, expected: Expected, open: ("[" | "{")[]): Expected | undefined {
  switch (token) {
    case "{":
    case "[":
      if (expected !== "value" && expected !== "value or end") {
        return undefined;
      }
      open.push(token);
      return token === "{" ? "key or end" : "value or end";
    case "}":
    case "]": {
      const opening = token === "}" ? "{" : "[";
      const mayEnd = expected === "comma or end" || expected === (token === "}" ? "key or end" : "value or end");
      if (!mayEnd || open.pop() !== opening) {
        return undefined;
      }
      return open.length === 0 ? "nothing" : "comma or end";
    }
    case ",":
      if (expected !== "comma or end") {
        return undefined;
      }
      return open.at(-1) === "{" ? "key" : "value";
    case ":":
      return expected === "colon" ? "value" : undefined;
    default:
      return afterScalar(token, expected, open.length === 0);
  }
}

function afterScalar(token: string, expected: Expected, isOutside: boolean): Expected | undefined {
  if (expected === "key" || expected === "key or end") {
    return token.startsWith('"') ? "colon" : undefined;
  }
  if (expected !== "value" && expected !== "value or end") {
    return undefined;
  }
  return isOutside ? "nothing" : "comma or end";
}

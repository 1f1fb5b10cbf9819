/** Longest line looked at; a path has at most 4096 bytes. */
const MAX_CHARACTERS = 16 * 1024;

/**
 * Splits a command line into words as a POSIX shell does: single and double quotes, backslashes. Nothing is expanded, and
 * no character has a meaning beyond these. `undefined` for a quote that does not end, and for a line too long.
 */
export function splitCommandLine(line: string): readonly string[] | undefined {
  if (line.length > MAX_CHARACTERS || line.includes("\0")) {
    return undefined;
  }
  const words: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] ?? "";
    if (/\s/.test(character)) {
      if (word !== undefined) {
        words.push(word);
      }
      word = undefined;
    } else if (character === "'" || character === '"') {
      const quoted = readQuoted(line, index);
      if (quoted === undefined) {
        return undefined;
      }
      word = (word ?? "") + quoted.text;
      index = quoted.end;
    } else if (character === "\\") {
      index += 1;
      if (index === line.length) {
        return undefined;
      }
      word = (word ?? "") + (line[index] ?? "");
    } else {
      word = (word ?? "") + character;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** The text after the quote at `start`, and where the closing one is. */
function readQuoted(line: string, start: number): { readonly text: string; readonly end: number } | undefined {
  const quote = line[start];
  let text = "";
  for (let index = start + 1; index < line.length; index += 1) {
    const character = line[index] ?? "";
    if (character === quote) {
      return { text, end: index };
    }
    const next = line[index + 1] ?? "";
    if (quote === '"' && character === "\\" && '"\\$`'.includes(next) && next !== "") {
      text += next;
      index += 1;
    } else {
      text += character;
    }
  }
  return undefined;
}

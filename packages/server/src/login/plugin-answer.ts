import { isJsonDocument, type JsonDocument, parseJson } from "../domain/json-document.ts";

/** What an auth plugin's bytes mean. */
export type PluginAnswer =
  /** The user is let in as stored. */
  | { readonly kind: "unchanged" }
  /** The user is to be stored like this. */
  | { readonly kind: "document"; readonly document: JsonDocument }
  | { readonly kind: "invalid"; readonly problem: string };

/** SFTPGo's users nest five deep. Below this, a walk over the document cannot run out of stack. */
const MAX_DEPTH = 64;
/** Answers that are as good as none, as observed. */
const NOTHING: ReadonlySet<string> = new Set(["", "\n", "\r\n"]);
/** `null` decodes to a user without any field in Go. */
const NO_FIELDS: JsonDocument = {};

/** Reads an answer without trusting it: size, nesting and type are bounded before anything looks inside. */
export function readPluginAnswer(answer: Uint8Array): PluginAnswer {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(answer);
  if (NOTHING.has(text)) {
    return { kind: "unchanged" };
  }
  if (isDeeperThan(text, MAX_DEPTH)) {
    return invalid(`the JSON nests deeper than ${MAX_DEPTH}`);
  }
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    // The parser's own message quotes the text, which may hold a password.
    return invalid(error instanceof RangeError ? error.message : "the answer is not valid JSON");
  }
  if (value === null) {
    return { kind: "document", document: NO_FIELDS };
  }
  return isJsonDocument(value) ? { kind: "document", document: value } : invalid("the answer is not a JSON object");
}

function invalid(problem: string): PluginAnswer {
  return { kind: "invalid", problem };
}

/** Counts brackets outside of strings. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (isInString) {
      if (character === "\\") {
        index += 1;
      } else if (character === '"') {
        isInString = false;
      }
    } else if (character === '"') {
      isInString = true;
    } else if (character === "{" || character === "[") {
      depth += 1;
      if (depth > limit) {
        return true;
      }
    } else if (character === "}" || character === "]") {
      depth -= 1;
    }
  }
  return false;
}

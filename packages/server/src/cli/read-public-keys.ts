import { readFileSync } from "node:fs";

import { FairleadError } from "../domain/fairlead-error.ts";

/** A key as it is, or the keys of a file. Throws `ERR_USAGE` for a file that has none. */
export function readPublicKeys(keyOrFile: string): readonly string[] {
  // Every key begins with the four bytes of a small length, which are AAAA in base64.
  if (/^(?:ssh|ecdsa|sk)-\S+\s|\sAAAA/.test(keyOrFile)) {
    return [keyOrFile];
  }
  const text = readText(keyOrFile);
  if (/PRIVATE KEY-----|^PuTTY-User-Key-File/.test(text)) {
    throw usageError(`${keyOrFile} is a private key: give the public one, ${keyOrFile}.pub`);
  }
  const keys = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (keys.length === 0) {
    throw usageError(`there is no public key in the file ${keyOrFile}`);
  }
  return keys;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    const reason = isMissing ? "no such file" : cause instanceof Error ? cause.message : String(cause);
    throw usageError(`cannot read the public key file ${file}: ${reason}`, cause);
  }
}

function usageError(message: string, cause?: unknown): FairleadError {
  return new FairleadError("ERR_USAGE", message, cause === undefined ? {} : { cause });
}

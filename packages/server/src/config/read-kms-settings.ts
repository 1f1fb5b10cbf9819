import { closeSync, openSync, readSync } from "node:fs";
import { isAbsolute } from "node:path";

import { FairleadError } from "../domain/fairlead-error.ts";
import type { Config } from "./load-config.ts";

/** The section with the master key read. */
interface KmsSettings {
  readonly url: string;
  readonly masterKey: string;
}

const MAX_KEY_BYTES = 64 * 1024;

/**
 * Reads the `kms` section and the file of the master key. Throws `ERR_CONFIG_VALUE` for a file that is not absolute,
 * cannot be read, is empty or too large: with another key, what is stored could not be read.
 */
export function readKmsSettings({ kms }: Pick<Config, "kms">): KmsSettings {
  const { url, master_key: masterKey, master_key_path: file } = kms.secrets;
  return { url, masterKey: file === "" ? masterKey : readMasterKey(file) };
}

function readMasterKey(file: string): string {
  if (!isAbsolute(file)) {
    throw badFile(file, "it is not absolute");
  }
  let text: string;
  try {
    text = readStart(file);
  } catch (cause) {
    throw badFile(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (text.length > MAX_KEY_BYTES) {
    throw badFile(file, `it has more than ${MAX_KEY_BYTES} bytes`);
  }
  const masterKey = text.trim();
  if (masterKey === "") {
    throw badFile(file, "it is empty");
  }
  return masterKey;
}

/** At most one byte more than accepted, so that a device or a huge file does no harm. */
function readStart(file: string): string {
  const fd = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(MAX_KEY_BYTES + 1);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < buffer.length; filled += count) {
      count = readSync(fd, buffer, filled, buffer.length - filled, null);
    }
    return buffer.toString("utf8", 0, filled);
  } finally {
    closeSync(fd);
  }
}

function badFile(file: string, problem: string, cause?: unknown): FairleadError {
  return new FairleadError("ERR_CONFIG_VALUE", `cannot use kms.secrets.master_key_path ${file}: ${problem}`, {
    details: { file, key: "kms.secrets.master_key_path" },
    ...(cause === undefined ? {} : { cause }),
  });
}

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { FairleadError } from "../domain/fairlead-error.ts";

/** What `https` needs. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
}

export interface TlsFileNames {
  /** Dotted name of the section, for messages. */
  readonly section: string;
  readonly certificateFile: string;
  readonly certificateKeyFile: string;
  /** SFTPGo's number: 12 or 13. */
  readonly minTlsVersion: number;
}

/** Reads a certificate and its key. Throws `ERR_CONFIG_VALUE`: plain HTTP instead would send tokens in the clear. */
export function readTlsFiles(names: TlsFileNames, configDir: string): TlsFiles {
  return {
    cert: read(names.certificateFile, `${names.section}.certificate_file`, configDir),
    key: read(names.certificateKeyFile, `${names.section}.certificate_key_file`, configDir),
    minVersion: names.minTlsVersion === 13 ? "TLSv1.3" : "TLSv1.2",
  };
}

function read(name: string, key: string, configDir: string): Buffer {
  if (name === "") {
    throw new FairleadError("ERR_CONFIG_VALUE", `${key} is empty and enable_https is true; name the PEM file`, {
      details: { key },
    });
  }
  const file = resolve(configDir, name);
  try {
    return readFileSync(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FairleadError("ERR_CONFIG_VALUE", `cannot read ${key} ${file}: ${reason}`, {
      details: { key, file },
      cause,
    });
  }
}

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

import { FairleadError } from "../domain/fairlead-error.ts";

export type Env = Readonly<Record<string, string | undefined>>;

const MAX_FILE_BYTES = 1024 * 1024;

/** A file of `env.d` that was left out, and why. */
export interface SkippedEnvFile {
  readonly file: string;
  readonly reason: string;
}

/**
 * Adds the variables of the dotenv files in `<configDir>/env.d`, in the order of their names, without
 * overriding what is set. As in SFTPGo, files over 1 MiB and anything but regular files are left out.
 */
export function withEnvFiles(
  configDir: string,
  env: Env,
): { readonly env: Env; readonly skipped: readonly SkippedEnvFile[] } {
  const merged: Record<string, string | undefined> = { ...env };
  const skipped: SkippedEnvFile[] = [];
  for (const file of listFiles(join(configDir, "env.d"))) {
    const reason = reasonToSkip(file);
    if (reason !== undefined) {
      skipped.push({ file, reason });
      continue;
    }
    for (const [name, value] of Object.entries(parseEnv(read(file)))) {
      merged[name] ??= value;
    }
  }
  return { env: merged, skipped };
}

function listFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .toSorted()
      .map((name) => join(folder, name));
  } catch (cause) {
    if (isMissing(cause)) {
      return [];
    }
    throw unreadable(folder, cause);
  }
}

function reasonToSkip(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile()) {
    return "not a regular file";
  }
  return stats.size > MAX_FILE_BYTES ? `larger than ${MAX_FILE_BYTES} bytes` : undefined;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

// A variable that was meant to be set may be the one that closes something: do not go on without it.
function unreadable(file: string, cause: unknown): FairleadError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new FairleadError("ERR_CONFIG_FILE", `cannot read environment file ${file}: ${what}`, {
    details: { file },
    cause,
  });
}

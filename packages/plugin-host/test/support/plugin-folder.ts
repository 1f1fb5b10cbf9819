import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parsePluginConfigs } from "../../src/config/parse-plugin-configs.ts";
import type { PluginConfig } from "../../src/config/plugin-config.ts";

/** A line a recorder wrote. */
export interface Recorded {
  readonly start?: number;
  readonly stop?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly pid?: number;
  readonly action?: string;
  readonly username?: string;
  readonly path?: string;
  readonly object?: string;
  readonly data?: string;
  readonly log?: number;
  readonly eventId?: string;
}

const fixtures = join(import.meta.dirname, "..", "fixtures");

/** A temporary folder of plugin executables, each a script that runs a fixture. */
export class PluginFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "fairlead-plugin-host-"));

  /** Makes an executable `name`; the variables are set by the script, whatever environment the host gives. */
  addExecutable(name: string, fixture = "recorder.ts", variables: Readonly<Record<string, string>> = {}): string {
    const settings = Object.entries({ RECORDER_FILE: this.recordFile(name), ...variables });
    const exports = settings.map(([key, value]) => `export ${key}='${value}'\n`).join("");
    return this.addScript(
      name,
      `${exports}exec '${process.execPath}' --conditions=source '${join(fixtures, fixture)}'`,
    );
  }

  /** Makes an executable `name` that runs shell commands. */
  addScript(name: string, commands: string): string {
    const path = join(this.path, name);
    writeFileSync(path, `#!/bin/sh\n${commands}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  recordFile(name: string): string {
    return join(this.path, `${name}.jsonl`);
  }

  /** What the recorder `name` wrote so far. */
  recorded(name: string): readonly Recorded[] {
    const file = this.recordFile(name);
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Recorded);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The checked configuration of notifiers that get uploads, with further keys as in a configuration file. */
export function configure(
  ...entries: readonly (Readonly<Record<string, unknown>> & { cmd: string })[]
): readonly PluginConfig[] {
  return parsePluginConfigs(
    entries.map(({ notifier_options, ...entry }) => ({
      type: "notifier",
      auto_mtls: true,
      notifier_options: { fs_events: ["upload"], ...(notifier_options as object | undefined) },
      ...entry,
    })),
  );
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const pollMs = 20;
const patienceMs = 30_000;

/** Waits for a condition; the bound only ends a test that has failed. */
export async function waitFor(condition: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + patienceMs; Date.now() < end;) {
    if (condition()) return;
    await sleep(pollMs);
  }
  throw new Error(`waited in vain for ${what}`);
}

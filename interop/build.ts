import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Where the Go programs are, ready to run. */
export interface InteropPrograms {
  readonly notifierPlugin: string;
  readonly notifierHost: string;
  readonly benchPlugin: string;
  readonly benchHost: string;
  readonly kvPlugin: string;
  readonly kvHost: string;
  readonly kindsPlugin: string;
  readonly kindsHost: string;
  readonly yamuxPeer: string;
}

let building: Promise<InteropPrograms | undefined> | undefined;

/**
 * Builds the Go programs of this folder; cheap when nothing changed, by go's own cache.
 *
 * @returns `undefined` when there is no Go on this machine: tests then skip, visibly. In CI that is an error.
 */
export function buildInterop(): Promise<InteropPrograms | undefined> {
  building ??= build();
  return building;
}

async function build(): Promise<InteropPrograms | undefined> {
  const output = join(import.meta.dirname, "dist", "interop");
  // go links here first and then renames: test files that build at the same time never see half a program.
  const linkFolder = join(import.meta.dirname, "dist", ".link");
  await mkdir(linkFolder, { recursive: true });
  try {
    await execute("go", ["build", "-o", `${output}/`, "./..."], {
      cwd: import.meta.dirname,
      env: { ...process.env, CGO_ENABLED: "0", GOTMPDIR: linkFolder },
    });
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (missing && process.env["CI"] === undefined) return undefined;
    throw new Error("cannot build the Go programs of interop/: is Go 1.25 or newer installed?", { cause: error });
  }
  return {
    notifierPlugin: join(output, "notifier-plugin"),
    notifierHost: join(output, "notifier-host"),
    benchPlugin: join(output, "bench-plugin"),
    benchHost: join(output, "bench-host"),
    kvPlugin: join(output, "kv-plugin"),
    kvHost: join(output, "kv-host"),
    kindsPlugin: join(output, "kinds-plugin"),
    kindsHost: join(output, "kinds-host"),
    yamuxPeer: join(output, "yamux-peer"),
  };
}

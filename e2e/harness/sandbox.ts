import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { pathVariable } from "./repository.ts";
import { processesOf } from "./processes.ts";
import { waitFor } from "./wait-for.ts";

/** Anything with an end to hang the cleaning on: a test's context, or {@link suiteOwner}. */
export interface Owner {
  after(clean: () => Promise<void>): void;
}

/** For what the tests of a suite share; to be called in the suite's body, where `after` means the whole of it. */
export function suiteOwner(): Owner {
  const cleaning: (() => Promise<void>)[] = [];
  after(async () => {
    for (const clean of cleaning.toReversed()) await clean();
  });
  return { after: (clean) => void cleaning.push(clean) };
}

const openSandboxes = new Set<Sandbox>();

// A run that is interrupted, or ended for taking too long, has no time for more than this.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    for (const sandbox of openSandboxes) sandbox.abandon();
    process.exit(1);
  });
}

/** A folder for one story: data, homes, keys, temporary files. Whatever is started in it is gone when it closes. */
export class Sandbox implements AsyncDisposable {
  readonly folder: string;
  readonly #cleaning = new AsyncDisposableStack();
  #closed = false;

  private constructor(folder: string) {
    this.folder = folder;
    openSandboxes.add(this);
  }

  /** Opens a new folder; it is closed when its owner, usually the test, ends. */
  static async open(owner: Owner): Promise<Sandbox> {
    const sandbox = new Sandbox(await mkdtemp(join(tmpdir(), "fairlead-e2e-")));
    owner.after(async () => await sandbox.close());
    for (const name of ["tmp", "homes", "data", "keys", "plugins"]) await mkdir(sandbox.path(name));
    return sandbox;
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** The whole environment of what runs here: nothing of the machine's own but PATH. */
  environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { PATH: pathVariable, HOME: this.folder, TMPDIR: this.path("tmp"), LANG: "C.UTF-8", ...extra };
  }

  async write(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
    const file = this.path(name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await chmod(file, mode);
    return file;
  }

  async writeExecutable(name: string, content: string | Uint8Array): Promise<string> {
    return await this.write(name, content, 0o755);
  }

  /** Runs `clean` when the sandbox closes, last come first. */
  defer(clean: () => void | Promise<void>): void {
    this.#cleaning.defer(clean);
  }

  /**
   * Fails unless everything that ran here is gone: no process, no socket file, no temporary folder. A process on its way
   * out gets a moment.
   */
  async assertNothingLeft(): Promise<void> {
    const gone = async (): Promise<boolean> => (await this.#leftovers()).length === 0;
    await waitFor("the end of every process and temporary file", gone, { timeoutMs: 5_000 }).catch(() => undefined);
    assert.deepEqual(await this.#leftovers(), [], "something was left behind");
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#cleaning.disposeAsync();
      await this.assertNothingLeft();
    } finally {
      this.abandon();
    }
  }

  /** Ends whatever runs here the hard way and removes the folder, at once. */
  abandon(): void {
    for (const { pid } of processesOf(this.folder)) process.kill(pid, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
    openSandboxes.delete(this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #leftovers(): Promise<string[]> {
    const processes = processesOf(this.folder).map(({ pid, command }) => `process ${pid}: ${command}`);
    const files = await readdir(this.path("tmp"), { recursive: true });
    return [...processes, ...files.map((file) => `temporary file: ${file}`)];
  }
}

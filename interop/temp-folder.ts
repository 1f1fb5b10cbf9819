import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of one's own that goes away with its scope. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** The path of `name` in it. */
  at(name: string): string;
}

export async function openTempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), "fairlead-interop-"));
  return {
    path,
    at: (name) => join(path, name),
    [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }),
  };
}

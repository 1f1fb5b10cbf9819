import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@fairlead/go-plugin";
import type { HostEvent } from "@fairlead/plugin-host";
import type { FileSystem } from "@fairlead/sftp";
import { parseUser } from "../../src/domain/user.ts";
import { openUserFileSystem, type UserFileSystemOptions } from "../../src/files/user-file-system.ts";

export type TestOptions = Omit<Partial<UserFileSystemOptions>, "session" | "events"> & {
  /** Laid over a user who may do everything. */
  readonly user?: Readonly<Record<string, unknown>>;
  readonly protocol?: "SFTP" | "SCP";
  /** An existing home; otherwise one is made, and removed at the end. */
  readonly home?: string;
};

export interface TestFileSystem extends AsyncDisposable {
  readonly fs: FileSystem & AsyncDisposable;
  /** The home on the disk. */
  readonly home: string;
  /** A directory beside the home, outside of it. */
  readonly outside: string;
  /** Everything published so far. */
  readonly events: readonly HostEvent[];
  close(): Promise<void>;
}

/** A user file system on a fresh home in a temporary directory. */
export async function openTestFileSystem(options: TestOptions = {}): Promise<TestFileSystem> {
  const { user = {}, protocol = "SFTP", home: givenHome, ...rest } = options;
  const directory = await mkdtemp(join(tmpdir(), "fairlead-files-"));
  const home = givenHome ?? join(directory, "home");
  const events: HostEvent[] = [];
  const fs = await openUserFileSystem({
    activity: createActivity(),
    ...rest,
    session: {
      user: parseUser({ username: "ann", status: 1, home_dir: home, permissions: { "/": ["*"] }, ...user }),
      protocol,
      ip: "192.0.2.7",
      sessionId: `${protocol}_ab12_1`,
      logger: silentLogger,
    },
    events: { publish: (event) => events.push(event) },
  });
  const close = async () => {
    await fs[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  };
  return { fs, home, outside: join(directory, "outside"), events, close, [Symbol.asyncDispose]: close };
}

/** Remembers first times as the store does. */
export function createActivity() {
  const done = new Set<string>();
  const mark = (key: string) => Promise.resolve(!done.has(key) && done.add(key).size > 0);
  return {
    markFirstUpload: (username: string) => mark(`upload ${username}`),
    markFirstDownload: (username: string) => mark(`download ${username}`),
  };
}

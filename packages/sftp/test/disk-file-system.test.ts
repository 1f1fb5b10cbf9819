import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeFileSystem } from "../src/testing/index.ts";
import { createDiskFileSystem } from "./fixtures/disk-file-system.ts";

describeFileSystem("disk file system of the fixtures", async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), "sftp-disk-")));
  return {
    fs: createDiskFileSystem(root),
    close: () => rm(root, { recursive: true, force: true }),
  };
});

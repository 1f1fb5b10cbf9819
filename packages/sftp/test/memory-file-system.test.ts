import { describeFileSystem } from "../src/testing/index.ts";
import { createMemoryFileSystem } from "./fixtures/memory-file-system.ts";

describeFileSystem("memory file system of the fixtures", async () => ({
  fs: createMemoryFileSystem(),
  close: async () => undefined,
}));

import { describeFileSystem } from "@fairlead/sftp/testing";
import { mkdir } from "node:fs/promises";
import type { Jail } from "../../src/files/jail/jail.ts";
import { canOpenLinuxJail, openLinuxJail } from "../../src/files/jail/linux-jail.ts";
import { pooledCalls } from "../../src/files/jail/path-calls.ts";
import { openPortableJail } from "../../src/files/jail/portable-jail.ts";
import { openTestFileSystem } from "./test-file-system.ts";

// The port's own promises. SFTPGo's defaults differ from them in two places, and are tested elsewhere.
const POSIX = { symlinkMode: 1, plainRenameOverwrites: false } as const;

describeFileSystem("user file system", () => openTestFileSystem(POSIX));

describeFileSystem("user file system without /proc", () => openWith(openPortableJail));

if (canOpenLinuxJail()) {
  describeFileSystem("user file system on a slow disk", () => openWith((root) => openLinuxJail(root, pooledCalls)));
}

function openWith(openJail: (root: string) => Promise<Jail>) {
  return openTestFileSystem({
    ...POSIX,
    openJail: async ({ homeDir }) => {
      await mkdir(homeDir, { recursive: true });
      return openJail(homeDir);
    },
  });
}

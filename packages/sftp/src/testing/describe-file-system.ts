import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DirectoryEntry, FileAttributes, FileHandle, FileSystem, OpenFlags } from "../file-system.ts";
import { SftpError } from "../sftp-error.ts";
import type { SftpErrorCode } from "../sftp-error.ts";

/** A file system with an empty, writable root, made afresh for each test. */
export interface FileSystemUnderTest {
  readonly fs: FileSystem;
  close(): Promise<void>;
}

const READ: OpenFlags = { read: true, write: false, append: false, create: false, truncate: false, exclusive: false };
const WRITE: OpenFlags = { ...READ, read: false, write: true };
const CREATE: OpenFlags = { ...WRITE, create: true, truncate: true };

const TYPE_BITS = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const LINK = 0o120000;

/** Behaviours by name; each check starts with an empty root. */
type Cases = Readonly<Record<string, (fs: FileSystem) => Promise<void>>>;

const FILES: Cases = {
  "gives back what was written": async (fs) => {
    await put(fs, "/a", "hello");
    assert.equal(await get(fs, "/a"), "hello");
  },

  "reads from a position up to the end": async (fs) => {
    await put(fs, "/a", "0123456789");
    await withFile(fs, "/a", READ, async (file) => {
      const buffer = Buffer.alloc(8);
      assert.equal(await file.read(buffer, 6), 4);
      assert.equal(buffer.toString("latin1", 0, 4), "6789");
    });
  },

  "reads 0 bytes at and beyond the end": async (fs) => {
    await put(fs, "/a", "abc");
    await withFile(fs, "/a", READ, async (file) => {
      assert.equal(await file.read(Buffer.alloc(4), 3), 0);
      assert.equal(await file.read(Buffer.alloc(4), 2 ** 40), 0);
    });
  },

  "fills a gap before a write with zeroes": async (fs) => {
    await withFile(fs, "/a", CREATE, (file) => file.write(Buffer.from("x"), 3));
    assert.equal(await get(fs, "/a"), "\0\0\0x");
  },

  "writes several pieces as one": async (fs) => {
    await withFile(fs, "/a", CREATE, async (file) => {
      await file.writeMany?.([Buffer.from("ab"), Buffer.from("cd")], 1);
      if (file.writeMany === undefined) await file.write(Buffer.from("abcd"), 1);
    });
    assert.equal(await get(fs, "/a"), "\0abcd");
  },

  "reads many ranges at once": async (fs) => {
    await put(fs, "/a", "0123456789");
    await withFile(fs, "/a", READ, async (file) => {
      const digits = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const buffer = Buffer.alloc(1);
          await file.read(buffer, index);
          return buffer.toString("latin1");
        }),
      );
      assert.equal(digits.join(""), "0123456789");
    });
  },

  "makes written data durable on request": async (fs) => {
    await withFile(fs, "/a", CREATE, async (file) => {
      await file.write(Buffer.from("x"), 0);
      await file.sync();
    });
  },

  "copies between handles, if it can": async (fs) => {
    await put(fs, "/a", "0123456789");
    await withFile(fs, "/a", READ, (from) =>
      withFile(fs, "/b", CREATE, async (to) => {
        if (from.copyTo === undefined) return;
        await from.copyTo(to, { position: 2, lengthBytes: 3, targetPosition: 1 });
        assert.equal((await to.stat()).sizeBytes, 4n);
      }),
    );
  },

  "closes an aborted file": async (fs) => {
    const file = await fs.open("/a", CREATE, {});
    await file.write(Buffer.from("x"), 0);
    await file.close({ aborted: true });
  },
};

const OPEN_FLAGS: Cases = {
  "refuses to open what is not there": async (fs) => {
    await refuses(fs.open("/a", READ, {}), "NO_SUCH_FILE");
    await refuses(fs.open("/a", WRITE, {}), "NO_SUCH_FILE");
  },

  "refuses to create in a directory that is not there": async (fs) => {
    await refuses(fs.open("/no/a", CREATE, {}), "NO_SUCH_FILE");
  },

  "refuses to create exclusively what is there": async (fs) => {
    await put(fs, "/a", "old");
    await refuses(fs.open("/a", { ...CREATE, truncate: false, exclusive: true }, {}), "FAILURE");
    assert.equal(await get(fs, "/a"), "old");
  },

  "keeps the content without truncate": async (fs) => {
    await put(fs, "/a", "0123");
    await withFile(fs, "/a", WRITE, (file) => file.write(Buffer.from("X"), 1));
    assert.equal(await get(fs, "/a"), "0X23");
  },

  "empties the file with truncate": async (fs) => {
    await put(fs, "/a", "0123");
    await withFile(fs, "/a", CREATE, async (file) => {
      assert.equal((await file.stat()).sizeBytes, 0n);
    });
  },

  "appends wherever the position points": async (fs) => {
    await put(fs, "/a", "01");
    await withFile(fs, "/a", { ...WRITE, append: true }, async (file) => {
      await file.write(Buffer.from("2"), 0);
      await file.write(Buffer.from("3"), 100);
    });
    assert.equal(await get(fs, "/a"), "0123");
  },

  "reads and writes through one handle": async (fs) => {
    await withFile(fs, "/a", { ...CREATE, read: true }, async (file) => {
      await file.write(Buffer.from("abc"), 0);
      const buffer = Buffer.alloc(3);
      assert.equal(await file.read(buffer, 0), 3);
      assert.equal(buffer.toString("latin1"), "abc");
    });
  },

  "refuses to open a directory as a file": async (fs) => {
    await fs.makeDirectory("/d", {});
    await assert.rejects(fs.open("/d", WRITE, {}), (error) => SftpError.is(error));
  },
};

const ATTRIBUTES: Cases = {
  "tells files from directories": async (fs) => {
    await put(fs, "/a", "abc");
    await fs.makeDirectory("/d", {});
    const file = await fs.stat("/a");
    assert.equal(typeBits(file), REGULAR);
    assert.equal(file.sizeBytes, 3n);
    assert.equal(typeBits(await fs.stat("/d")), DIRECTORY);
    assert.equal(typeBits(await fs.stat("/")), DIRECTORY);
  },

  "knows nothing of what is not there": async (fs) => {
    await refuses(fs.stat("/a"), "NO_SUCH_FILE");
    await refuses(fs.lstat("/a"), "NO_SUCH_FILE");
    await refuses(fs.setStat("/a", { mode: 0o600 }), "NO_SUCH_FILE");
  },

  "sees a write through the handle and the path": async (fs) => {
    await withFile(fs, "/a", CREATE, async (file) => {
      await file.write(Buffer.from("12345"), 0);
      assert.equal((await file.stat()).sizeBytes, 5n);
      assert.equal((await fs.stat("/a")).sizeBytes, 5n);
    });
  },

  "sets times, mode and size by path": async (fs) => {
    await put(fs, "/a", "0123456789");
    await fs.setStat("/a", { mode: 0o640, accessTimeS: 1_000_000, modifyTimeS: 2_000_000 });
    await fs.setStat("/a", { sizeBytes: 4n });
    await fs.setStat("/a", { accessTimeS: 1_000_000, modifyTimeS: 2_000_000 });
    const { mode = 0, modifyTimeS, sizeBytes } = await fs.stat("/a");
    assert.equal(mode & 0o777, 0o640);
    assert.equal(modifyTimeS, 2_000_000);
    assert.equal(sizeBytes, 4n);
  },

  "sets times, mode and size by handle": async (fs) => {
    await put(fs, "/a", "0123456789");
    await withFile(fs, "/a", WRITE, async (file) => {
      await file.setStat({ sizeBytes: 12n, mode: 0o600 });
      await file.setStat({ accessTimeS: 1_000_000, modifyTimeS: 2_000_000 });
      const { mode = 0, modifyTimeS, sizeBytes } = await file.stat();
      assert.equal(mode & 0o777, 0o600);
      assert.equal(modifyTimeS, 2_000_000);
      assert.equal(sizeBytes, 12n);
    });
  },

  "says how much room there is": async (fs) => {
    const vfs = await fs.statVfs("/");
    assert.ok(vfs.blockSizeBytes > 0n);
    assert.ok(vfs.freeBlocks <= vfs.blocks);
  },
};

const DIRECTORIES: Cases = {
  "lists each entry once, in batches no longer than asked for": async (fs) => {
    const names = Array.from({ length: 25 }, (_, index) => `file-${index}`);
    for (const name of names) await put(fs, `/${name}`, name);
    const entries = await list(fs, "/", 10);
    assert.deepEqual(namesOf(entries), names.toSorted());
    for (const { name, attributes } of entries.filter((entry) => !entry.name.startsWith("."))) {
      assert.equal(attributes.sizeBytes, BigInt(name.length));
    }
  },

  "lists an empty directory as empty": async (fs) => {
    assert.deepEqual(namesOf(await list(fs, "/", 10)), []);
  },

  "refuses to list what is not there, and what is a file": async (fs) => {
    await refuses(fs.openDirectory("/no"), "NO_SUCH_FILE");
    await put(fs, "/a", "x");
    await assert.rejects(fs.openDirectory("/a"), (error) => SftpError.is(error));
  },

  "refuses to make what is there": async (fs) => {
    await fs.makeDirectory("/d", {});
    await refuses(fs.makeDirectory("/d", {}), "FAILURE");
    await refuses(fs.makeDirectory("/no/d", {}), "NO_SUCH_FILE");
  },

  "removes empty directories only": async (fs) => {
    await fs.makeDirectory("/d", {});
    await put(fs, "/d/a", "x");
    await refuses(fs.removeDirectory("/d"), "FAILURE");
    await fs.remove("/d/a");
    await fs.removeDirectory("/d");
    await refuses(fs.stat("/d"), "NO_SUCH_FILE");
  },

  "removes files and directories each by their own request": async (fs) => {
    await fs.makeDirectory("/d", {});
    await put(fs, "/a", "x");
    await assert.rejects(fs.remove("/d"), (error) => SftpError.is(error));
    await assert.rejects(fs.removeDirectory("/a"), (error) => SftpError.is(error));
    await refuses(fs.remove("/no"), "NO_SUCH_FILE");
  },
};

const NAMES: Cases = {
  "keeps names with spaces and any script": async (fs) => {
    const name = "Жёлтый файл 黄色 🟡";
    await put(fs, `/${name}`, "x");
    assert.deepEqual(namesOf(await list(fs, "/", 10)), [name]);
  },

  renames: async (fs) => {
    await put(fs, "/a", "x");
    await fs.rename("/a", "/b", { overwrite: false });
    assert.equal(await get(fs, "/b"), "x");
    await refuses(fs.stat("/a"), "NO_SUCH_FILE");
    await refuses(fs.rename("/a", "/c", { overwrite: false }), "NO_SUCH_FILE");
  },

  "renames over what is there only when told to": async (fs) => {
    await put(fs, "/a", "new");
    await put(fs, "/b", "old");
    await refuses(fs.rename("/a", "/b", { overwrite: false }), "FAILURE");
    assert.equal(await get(fs, "/b"), "old");
    await fs.rename("/a", "/b", { overwrite: true });
    assert.equal(await get(fs, "/b"), "new");
  },

  "renames a directory with what is in it": async (fs) => {
    await fs.makeDirectory("/d", {});
    await put(fs, "/d/a", "x");
    await fs.rename("/d", "/e", { overwrite: false });
    assert.equal(await get(fs, "/e/a"), "x");
  },

  "makes paths canonical, up to a last part that need not be there": async (fs) => {
    await fs.makeDirectory("/d", {});
    assert.equal(await fs.realPath("/"), "/");
    assert.equal(await fs.realPath("/d"), "/d");
    assert.equal(await fs.realPath("/d/new"), "/d/new");
    await refuses(fs.realPath("/no/new"), "NO_SUCH_FILE");
  },
};

const LINKS: Cases = {
  "keeps a relative target as it is": async (fs) => {
    await put(fs, "/a", "x");
    await fs.symlink("a", "/l");
    assert.equal(await fs.readLink("/l"), "a");
    assert.equal(await get(fs, "/l"), "x");
  },

  "takes an absolute target as inside the root": async (fs) => {
    await fs.makeDirectory("/d", {});
    await put(fs, "/a", "x");
    await fs.symlink("/a", "/d/l");
    assert.equal(await fs.readLink("/d/l"), "/a");
    assert.equal(await get(fs, "/d/l"), "x");
  },

  "tells the link from its target": async (fs) => {
    await put(fs, "/a", "abc");
    await fs.symlink("a", "/l");
    assert.equal(typeBits(await fs.lstat("/l")), LINK);
    assert.equal(typeBits(await fs.stat("/l")), REGULAR);
    assert.equal(await fs.realPath("/l"), "/a");
  },

  "removes the link and leaves the target": async (fs) => {
    await put(fs, "/a", "x");
    await fs.symlink("a", "/l");
    await fs.remove("/l");
    assert.equal(await get(fs, "/a"), "x");
  },

  "refuses a link where something is, and the text of what is no link": async (fs) => {
    await put(fs, "/a", "x");
    await refuses(fs.symlink("b", "/a"), "FAILURE");
    await assert.rejects(fs.readLink("/a"), (error) => SftpError.is(error));
  },

  "gives one file two names": async (fs) => {
    await put(fs, "/a", "x");
    await fs.hardLink("/a", "/b");
    await fs.remove("/a");
    assert.equal(await get(fs, "/b"), "x");
    await refuses(fs.hardLink("/no", "/c"), "NO_SUCH_FILE");
  },
};

const GROUPS: Readonly<Record<string, Cases>> = {
  files: FILES,
  "open flags": OPEN_FLAGS,
  attributes: ATTRIBUTES,
  directories: DIRECTORIES,
  names: NAMES,
  links: LINKS,
};

/**
 * Declares the tests that every implementation of the `FileSystem` port passes.
 *
 * @param make called for each test; what it returns is closed after it
 */
export function describeFileSystem(name: string, make: () => Promise<FileSystemUnderTest>): void {
  // The promises of node:test's describe and it say nothing that the runner does not say.
  void describe(name, () => {
    for (const [group, cases] of Object.entries(GROUPS)) {
      void describe(group, () => {
        for (const [behaviour, check] of Object.entries(cases)) {
          void it(behaviour, async () => {
            const underTest = await make();
            try {
              await check(underTest.fs);
            } finally {
              await underTest.close();
            }
          });
        }
      });
    }
  });
}

async function withFile<T>(
  fs: FileSystem,
  path: string,
  flags: OpenFlags,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await fs.open(path, flags, {});
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function put(fs: FileSystem, path: string, text: string): Promise<void> {
  await withFile(fs, path, CREATE, (file) => file.write(Buffer.from(text), 0));
}

function get(fs: FileSystem, path: string): Promise<string> {
  return withFile(fs, path, READ, async (file) => {
    const buffer = Buffer.alloc(1024);
    return buffer.toString("utf8", 0, await file.read(buffer, 0));
  });
}

async function list(fs: FileSystem, path: string, limit: number): Promise<readonly DirectoryEntry[]> {
  const directory = await fs.openDirectory(path);
  const entries: DirectoryEntry[] = [];
  try {
    for (let batch = await directory.next(limit); batch.length > 0; batch = await directory.next(limit)) {
      assert.ok(batch.length <= limit);
      entries.push(...batch);
    }
  } finally {
    await directory.close();
  }
  return entries;
}

function namesOf(entries: readonly DirectoryEntry[]): readonly string[] {
  return entries
    .map(({ name }) => name)
    .filter((name) => name !== "." && name !== "..")
    .toSorted();
}

function typeBits({ mode = 0 }: FileAttributes): number {
  return mode & TYPE_BITS;
}

async function refuses(operation: Promise<unknown>, code: SftpErrorCode): Promise<void> {
  await assert.rejects(operation, (error) => SftpError.is(error, code));
}

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { SftpError } from "@fairlead/sftp";
import type { Jail, Place } from "../../src/files/jail/jail.ts";
import { canOpenLinuxJail, openLinuxJail } from "../../src/files/jail/linux-jail.ts";
import { directCalls, pooledCalls } from "../../src/files/jail/path-calls.ts";
import { openPortableJail } from "../../src/files/jail/portable-jail.ts";

interface UnderTest {
  readonly jail: Jail;
  readonly home: string;
  readonly outside: string;
}

type Check = (under: UnderTest) => Promise<void>;

const IMPLEMENTATIONS: Readonly<Record<string, (root: string) => Promise<Jail>>> = {
  portable: openPortableJail,
  ...(canOpenLinuxJail()
    ? {
        "linux, on the loop": (root: string) => openLinuxJail(root, directCalls),
        "linux, in the pool": (root: string) => openLinuxJail(root, pooledCalls),
      }
    : {}),
};

for (const [name, openJail] of Object.entries(IMPLEMENTATIONS)) {
  void describe(`jail: ${name}`, () => {
    const inJail = declareIn(openJail);

    inJail("finds files, directories, the root and what is missing", async ({ jail }) => {
      assert.equal(await contentOf(jail, "/a/b/file"), "inside");
      assert.equal(await seen(jail, "/", (place) => place.stats?.isDirectory()), true);
      assert.equal(await seen(jail, "/a", (place) => place.stats?.isDirectory()), true);
      assert.equal(await seen(jail, "/a/b/new", (place) => place.stats), undefined);
      await fails(jail, "/no/new", "ENOENT");
      await fails(jail, "/a/b/file/new", "ENOTDIR");
    });

    inJail("follows links inside", async ({ jail, home }) => {
      await symlink("a/b", join(home, "relative"));
      await symlink(join(home, "a"), join(home, "absolute"));
      await symlink("../../absolute/b/../b/./file", join(home, "a/b/winding"));
      await symlink("..", join(home, "a/up"));
      assert.equal(await contentOf(jail, "/relative/file"), "inside");
      assert.equal(await contentOf(jail, "/absolute/b/file"), "inside");
      assert.equal(await contentOf(jail, "/a/b/winding"), "inside");
      assert.equal(await contentOf(jail, "/a/up/a/up/a/b/file"), "inside");
      assert.equal(await seen(jail, "/a/up", (place) => place.virtualPath), "/");
      assert.equal(await seen(jail, "/relative/file", (place) => place.virtualPath), "/a/b/file");
    });

    inJail("tells whether a link was crossed", async ({ jail, home }) => {
      await symlink("a", join(home, "link"));
      assert.equal(await seen(jail, "/link/b/file", (place) => place.crossedLink), true);
      assert.equal(await seen(jail, "/a/b/file", (place) => place.crossedLink), false);
    });

    inJail("leaves a link in the last part alone when told to", async ({ jail, home }) => {
      await symlink("/etc/passwd", join(home, "link"));
      const place = await jail.locate("/link", { followLast: false });
      assert.equal(place.stats?.isSymbolicLink(), true);
      place.release();
    });

    for (const [what, text] of Object.entries({
      "an absolute link": "/etc",
      "a relative link": "../outside",
      "a link to the parent": "..",
      "a link that climbs on its way": "a/../../outside",
      "a link that leaves and comes back": "../home/a",
      "an absolute link that climbs": "HOME/../outside",
      "a link to a directory that begins like the home": "HOME-twin",
      "a link to /proc": "/proc/self/root",
    })) {
      inJail(`is not left by ${what}`, async ({ jail, home }) => {
        await mkdir(`${home}-twin`);
        await writeFile(`${home}-twin/file`, "twin");
        await symlink(text.replace("HOME", home), join(home, "out"));
        await symlink("out", join(home, "chain"));
        await mkdir(join(home, "d"));
        await symlink("../chain", join(home, "d/longer"));
        for (const path of ["/out", "/chain", "/d/longer"]) {
          if (name === "portable" && text === "../home/a") continue; // realpath(3) sees only where it ends, which is inside
          await refuses(jail, path, "PERMISSION_DENIED");
          await refuses(jail, `${path}/file`, "PERMISSION_DENIED", "ENOENT");
        }
      });
    }

    inJail("ends at loops and long chains", async ({ jail, home }) => {
      await symlink("loop-b", join(home, "loop-a"));
      await symlink("loop-a", join(home, "loop-b"));
      await symlink("self/x", join(home, "self"));
      await refuses(jail, "/loop-a", "FAILURE", "ELOOP");
      await refuses(jail, "/loop-a/x", "FAILURE", "ELOOP");
      await refuses(jail, "/self", "FAILURE", "ELOOP");
      for (let index = 0; index < 50; index++) await symlink(`chain-${index + 1}`, join(home, `chain-${index}`));
      await refuses(jail, "/chain-0", "FAILURE", "ELOOP");
    });

    inJail("takes no path that is not normalised", async ({ jail }) => {
      for (const path of ["/../outside", "/a/../../outside", "a", "", "/a\0b", "//", "/a/", "/."]) {
        await refuses(jail, path, "FAILURE");
      }
    });

    inJail("knows names up to 255 bytes and paths up to 4096", async ({ jail }) => {
      const name = "n".repeat(255);
      assert.equal(await seen(jail, `/${name}`, (place) => place.stats), undefined);
      await fails(jail, `/${name}n`, "ENAMETOOLONG");
      await refuses(jail, `/${"é".repeat(2048)}`, "FAILURE");
    });

    inJail("does not follow a link that takes the place of a found file", async ({ jail, home, outside }) => {
      const place = await jail.locate("/a/b/file", { followLast: true });
      await rm(join(home, "a/b/file"));
      await symlink(join(outside, "file"), join(home, "a/b/file"));
      await assert.rejects(async () => (await place.pin()).release());
      for (const flags of [constants.O_RDONLY, constants.O_RDWR | constants.O_TRUNC]) {
        await assert.rejects(async () => (await place.open(flags)).close());
      }
      assert.equal(await readFile(join(outside, "file"), "utf8"), "outside");
      place.release();
    });

    inJail("does not empty a file that was put in the place of a found one", async ({ jail, home }) => {
      const place = await jail.locate("/a/b/file", { followLast: true });
      await rename(join(home, "a/b"), join(home, "a/moved"));
      await mkdir(join(home, "a/b"));
      await writeFile(join(home, "a/b/file"), "another");
      const file = await place.open(constants.O_RDWR | constants.O_TRUNC);
      await file.close();
      place.release();
      // By descriptors the found directory is still held; by names the other file is all there is, and is inside too.
      const other = await readFile(join(home, "a/b/file"), "utf8");
      assert.equal(other, name === "portable" ? "" : "another");
    });

    if (name === "portable") return;

    inJail("stays in a directory that is swapped for a link after it was found", async ({ jail, home, outside }) => {
      const place = await jail.locate("/a/b/file", { followLast: true });
      await rename(join(home, "a"), join(home, "moved"));
      await symlink(outside, join(home, "a"));
      assert.equal(await readFile(place.path, "utf8"), "inside");
      place.release();
      await refuses(jail, "/a/file", "PERMISSION_DENIED");
    });

    inJail("stays in its root when the home is swapped", async ({ jail, home, outside }) => {
      await rename(home, `${home}-old`);
      await symlink(outside, home);
      assert.equal(await contentOf(jail, "/a/b/file"), "inside");
    });

    inJail("walks a deep tree", async ({ jail, home }) => {
      execFileSync("/bin/sh", ["-c", "for i in $(seq 500); do mkdir d && cd -P d || exit 1; done; echo deep > f"], {
        cwd: home,
      });
      const path = `${"/d".repeat(500)}/f`;
      assert.equal(await contentOf(jail, path), "deep\n");
      await seen(jail, path, (place) => rm(place.path));
      execFileSync("/bin/rm", ["-rf", join(home, "d")]);
    });

    inJail("lets go of every descriptor", async ({ jail, home }) => {
      await symlink("a/b", join(home, "link"));
      await symlink("../outside", join(home, "out"));
      const before = openDescriptors();
      for (const path of ["/", "/a/b/file", "/link/file", "/out/x", "/no/x", "/a/b/file/x", "/a/b/no"]) {
        for (const followLast of [true, false]) {
          const place = await orUndefined(() => jail.locate(path, { followLast }));
          const pin = await orUndefined(() => place?.pin());
          pin?.release();
          pin?.release();
          place?.release();
          place?.release();
        }
      }
      assert.equal(openDescriptors(), before);
    });

    inJail("keeps the root for places that are still in use when it closes", async ({ jail, home }) => {
      await writeFile(join(home, "top"), "top");
      const place = await jail.locate("/top", { followLast: true });
      jail.close();
      jail.close();
      assert.equal(await readFile(place.path, "utf8"), "top");
      place.release();
      await refuses(jail, "/top", "FAILURE");
    });
  });
}

/** Declares tests that each get a jail of their own, on a home with `a/b/file` and an `outside` beside it. */
function declareIn(openJail: (root: string) => Promise<Jail>): (behaviour: string, check: Check) => void {
  return (behaviour, check) => {
    void it(behaviour, async () => {
      const root = realpathSync(mkdtempSync(join(tmpdir(), "fairlead-jail-")));
      const under = { home: join(root, "home"), outside: join(root, "outside") };
      await mkdir(join(under.home, "a/b"), { recursive: true });
      await mkdir(under.outside);
      await writeFile(join(under.home, "a/b/file"), "inside");
      await writeFile(join(under.outside, "file"), "outside");
      const jail = await openJail(under.home);
      try {
        await check({ ...under, jail });
      } finally {
        jail.close();
        rmSync(root, { recursive: true });
      }
    });
  };
}

async function seen<T>(jail: Jail, path: string, look: (place: Place) => T | Promise<T>): Promise<T> {
  const place = await jail.locate(path, { followLast: true });
  try {
    return await look(place);
  } finally {
    place.release();
  }
}

async function orUndefined<T>(make: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await make();
  } catch {
    // What matters here is what a refusal leaves behind.
    return undefined;
  }
}

function contentOf(jail: Jail, path: string): Promise<string> {
  return seen(jail, path, (place) => readFile(place.path, "utf8"));
}

async function fails(jail: Jail, path: string, errno: string): Promise<void> {
  await assert.rejects(async () => seen(jail, path, () => {}), { code: errno });
}

async function refuses(jail: Jail, path: string, code: SftpError["code"], ...orErrno: string[]): Promise<void> {
  await assert.rejects(
    async () => seen(jail, path, () => {}),
    (error) => SftpError.is(error, code) || orErrno.includes((error as NodeJS.ErrnoException).code ?? ""),
  );
}

function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

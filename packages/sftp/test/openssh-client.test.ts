import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";
import { randomBytes } from "node:crypto";
import { chmod, lstat, mkdtemp, readFile, readlink, realpath, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("fixtures/stdio-server.ts", import.meta.url));
const hasClient = spawnSync("sftp", ["-h"], { stdio: "ignore" }).error === undefined;

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

describe("OpenSSH's sftp", { skip: !hasClient && "OpenSSH's sftp is not installed" }, () => {
  let directory: string;
  let root: string;
  let local: string;
  const running = new Set<ReturnType<typeof spawn>>();

  /** Runs the client with `commands` against our server on `root`, and waits for it. */
  async function sftp(...commands: readonly string[]): Promise<Outcome> {
    const child = spawn("sftp", ["-b", "-", "-D", `${process.execPath} --conditions=source ${SERVER} ${root}`], {
      cwd: local,
    });
    running.add(child);
    child.stdin.end(`${commands.join("\n")}\n`);
    const closed = new Promise<number | null>((resolve) => {
      child.once("close", resolve);
    });
    const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    running.delete(child);
    return { code, output, errors };
  }

  async function succeeds(...commands: readonly string[]): Promise<string> {
    const { code, output, errors } = await sftp(...commands);
    assert.equal(code, 0, errors);
    return output;
  }

  before(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), "sftp-client-")));
  });
  after(() => rm(directory, { recursive: true, force: true }));
  beforeEach(async () => {
    root = await mkdtemp(join(directory, "root-"));
    local = await mkdtemp(join(directory, "local-"));
  });
  afterEach(() => {
    for (const child of running) child.kill("SIGKILL");
  });

  it("puts and gets files of any size unchanged", async () => {
    for (const size of [0, 1, 32_768, 261_120, 261_121, 5_000_000]) {
      const bytes = randomBytes(size);
      await writeFile(join(local, "up"), bytes);
      await succeeds("put up remote", "get remote down");
      assert.ok(bytes.equals(await readFile(join(root, "remote"))), `put of ${size} bytes`);
      assert.ok(bytes.equals(await readFile(join(local, "down"))), `get of ${size} bytes`);
    }
  });

  it("puts and gets with small buffers and many requests", async () => {
    const bytes = randomBytes(1_000_003);
    await writeFile(join(root, "remote"), bytes);
    const child = spawn(
      "sftp",
      ["-B", "1000", "-R", "200", "-b", "-", "-D", `${process.execPath} --conditions=source ${SERVER} ${root}`],
      { cwd: local, stdio: ["pipe", "ignore", "ignore"] },
    );
    running.add(child);
    child.stdin.end("get remote down\nput down back\n");
    assert.equal(await new Promise((resolve) => void child.once("close", resolve)), 0);
    running.delete(child);
    assert.ok(bytes.equals(await readFile(join(root, "back"))));
  });

  it("resumes an upload and a download", async () => {
    const bytes = randomBytes(1_500_000);
    await writeFile(join(local, "up"), bytes);
    await writeFile(join(root, "remote"), bytes.subarray(0, 700_001));
    await writeFile(join(local, "down"), bytes.subarray(0, 300_001));
    await succeeds("reput up remote", "reget remote down");
    assert.ok(bytes.equals(await readFile(join(root, "remote"))));
    assert.ok(bytes.equals(await readFile(join(local, "down"))));
  });

  it("keeps times and modes with -p", async () => {
    await writeFile(join(local, "up"), "x", { mode: 0o640 });
    await succeeds("put -p up remote", "chmod 600 remote");
    const [there, here] = await Promise.all([stat(join(root, "remote")), stat(join(local, "up"))]);
    assert.equal(Math.floor(there.mtimeMs / 1000), Math.floor(here.mtimeMs / 1000));
    assert.equal(there.mode & 0o777, 0o600);
  });

  it("lists, with names of any script", async () => {
    await writeFile(join(root, "plain"), "12345");
    await writeFile(join(root, "имя 名前"), "");
    await chmod(join(root, "plain"), 0o644);
    const output = await succeeds("ls -1", "ls -l plain", "ls -la");
    assert.match(output, /^имя 名前 *$/m);
    assert.match(output, /^-rw-r--r-- .* 5 .* plain *$/m);
    assert.match(output, /^drwx.* \.\. *$/m);
  });

  it("lists a directory of 2000 files", async () => {
    await Promise.all(Array.from({ length: 2000 }, (_, index) => writeFile(join(root, `file-${index}`), "")));
    const output = await succeeds("ls -1");
    assert.equal(output.split("\n").filter((line) => line.startsWith("file-")).length, 2000);
  });

  it("makes, renames and removes", async () => {
    await writeFile(join(local, "up"), "x");
    const output = await succeeds(
      "mkdir d",
      "cd d",
      "pwd",
      "put up a",
      "rename a b",
      "ls",
      "cd ..",
      "rename d e",
      "ls",
    );
    assert.match(output, /Remote working directory: \/d$/m);
    await succeeds("rm e/b", "rmdir e");
    await assert.rejects(stat(join(root, "e")));
  });

  it("replaces with a rename", async () => {
    await writeFile(join(root, "a"), "new");
    await writeFile(join(root, "b"), "old");
    await succeeds("rename a b");
    assert.equal(await readFile(join(root, "b"), "utf8"), "new");
  });

  it("makes hard and symbolic links", async () => {
    await writeFile(join(root, "a"), "x");
    await succeeds("ln a hard", "ln -s a soft", "get soft got");
    assert.equal((await stat(join(root, "hard"))).nlink, 2);
    assert.equal(await readlink(join(root, "soft")), "a");
    assert.ok((await lstat(join(root, "soft"))).isSymbolicLink());
    assert.equal(await readFile(join(local, "got"), "utf8"), "x");
  });

  it("copies on the server and asks for the room", async () => {
    const bytes = randomBytes(600_000);
    await writeFile(join(root, "a"), bytes);
    const output = await succeeds("cp a b", "df -h");
    assert.match(output, /%Capacity/);
    assert.ok(bytes.equals(await readFile(join(root, "b"))));
  });

  it("walks trees both ways", async () => {
    await succeeds("mkdir t", "mkdir t/u");
    await writeFile(join(root, "t/u/file"), "deep");
    await succeeds("get -r t", "put -r t again");
    assert.equal(await readFile(join(root, "again/u/file"), "utf8"), "deep");
  });

  it("hears what is missing and what is in the way", async () => {
    await writeFile(join(root, "a"), "x");
    const missing = await sftp("get nothing");
    assert.equal(missing.code, 1);
    assert.match(missing.errors, /"\/?nothing" not found|No such file/);
    const inTheWay = await sftp("mkdir a");
    assert.equal(inTheWay.code, 1);
    assert.match(inTheWay.errors, /remote mkdir "\/a": Failure/);
  });

  it("gets the end of a sparse file of 5 GiB", async () => {
    const size = 5 * 2 ** 30;
    await writeFile(join(root, "sparse"), "");
    await truncate(join(root, "sparse"), size);
    await writeFile(join(local, "sparse"), "");
    await truncate(join(local, "sparse"), size - 1000);
    await succeeds("reget sparse");
    assert.equal((await stat(join(local, "sparse"))).size, size);
  });
});

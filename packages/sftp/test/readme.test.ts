/** The README's program, run as it stands by OpenSSH's client. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
const hasClient = spawnSync("sftp", ["-h"], { stdio: "ignore" }).error === undefined;

test(
  "the README's program serves its file, and nothing else",
  { skip: !hasClient && "OpenSSH's sftp is not installed" },
  () => {
    // Inside the package, so that its code finds the package by its name; node strips no types in node_modules.
    const folder = mkdtempSync(join(import.meta.dirname, ".readme-"));
    after(() => rmSync(folder, { recursive: true }));
    const [, code] = /^```ts\n(.*?)^```/ms.exec(readme)!;
    writeFileSync(join(folder, "hello.ts"), code!);
    const [, command] = /sftp -D 'node (.*)'/.exec(code!)!;
    const { stdout, stderr, status } = spawnSync(
      "sftp",
      ["-b", "-", "-D", `${process.execPath} --conditions=source ${command}`],
      { cwd: folder, encoding: "utf8", input: "ls -1\nget hello.txt got.txt\n-get other.txt\nput hello.ts\n" },
    );
    assert.match(stdout, /^hello\.txt$/m, stderr);
    assert.equal(readFileSync(join(folder, "got.txt"), "utf8"), "hello, world\n");
    assert.match(stderr, /\/hello\.ts.*: Permission denied/);
    assert.equal(status, 1);
  },
);

import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { resolveExecutable } from "./executable.ts";

describe("resolveExecutable", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "executable-"));
    for (const name of ["a", "b"]) await mkdir(join(folder, name));
    await writeFile(join(folder, "a", "tool"), "");
    await writeFile(join(folder, "b", "tool"), "");
    await chmod(join(folder, "b", "tool"), 0o755);
    await mkdir(join(folder, "a", "other"));
  });
  after(() => rm(folder, { recursive: true }));

  it("takes the first executable file of the name, not folders or other files", async () => {
    const searchPath = ["", "relative", join(folder, "a"), join(folder, "b")].join(delimiter);
    assert.equal(await resolveExecutable("tool", { cwd: folder, searchPath, plugin: "p" }), join(folder, "b", "tool"));
  });

  it("resolves a command with a folder against the working folder", async () => {
    const options = { cwd: folder, searchPath: join(folder, "b"), plugin: "p" };
    assert.equal(await resolveExecutable("./tool", options), join(folder, "tool"));
    assert.equal(await resolveExecutable("a/../b/tool", options), join(folder, "b", "tool"));
    assert.equal(await resolveExecutable("/absent", options), "/absent");
  });

  for (const [what, makePath] of [
    ["no PATH", () => undefined],
    ["an empty PATH", () => ""],
    ["a relative folder", () => relative(process.cwd(), join(folder, "b"))],
  ] as const) {
    it(`finds no bare name in ${what}`, async () => {
      const searchPath = makePath();
      await assert.rejects(resolveExecutable("tool", { cwd: join(folder, "b"), searchPath, plugin: "p" }), {
        code: "ERR_PLUGIN_SPAWN_FAILED",
        message: /^plugin p did not start: exec: "tool": executable file not found in \$PATH/,
      });
    });
  }
});

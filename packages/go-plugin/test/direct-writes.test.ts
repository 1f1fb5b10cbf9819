import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";

const directWrites = join(import.meta.dirname, "../src/serve/direct-writes.ts");

/** Runs a program after it has diverted its direct writes; what it wrote where. */
function run(program: string): readonly [stdout: string, stderr: string] {
  const head = `
    import fs, { write, writeSync, writevSync, writeFileSync } from "node:fs";
    import { promisify } from "node:util";
    import { divertDirectWrites, writeSync as original } from ${JSON.stringify(directWrites)};
    divertDirectWrites();`;
  const args = ["--conditions=source", "--input-type=module", "-e", `${head}\n${program}`];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return [stdout, stderr];
}

describe("direct writes to stdout, once diverted", () => {
  for (const [what, program] of [
    ["fs.writeSync", `fs.writeSync(1, "text");`],
    ["an imported writeSync", `writeSync(1, Buffer.from("a text b"), 2, 4);`],
    ["an imported writevSync", `writevSync(1, [Buffer.from("te"), Buffer.from("xt")]);`],
    ["an imported writeFileSync", `writeFileSync(1, "text");`],
    ["fs.appendFileSync", `fs.appendFileSync(1, "text");`],
    ["an imported write", `write(1, "text", (error) => { if (error) throw error; });`],
    [
      "a promisified write",
      `const { bytesWritten } = await promisify(fs.write)(1, "text"); if (bytesWritten !== 4) throw 0;`,
    ],
    ["a stream of the descriptor", `fs.createWriteStream(null, { fd: 1 }).end("text");`],
  ] as const) {
    it(`go to stderr: ${what} [serve:stdout]`, () => {
      assert.deepEqual(run(program), ["", "text"]);
    });
  }

  it("leave other descriptors alone [serve:stdout]", () => {
    assert.deepEqual(run(`fs.writeSync(2, "text"); fs.writeFileSync("/dev/null", "");`), ["", "text"]);
  });

  it("are still possible for the handshake, also of another copy of this package [serve:stdout]", () => {
    const copy = `${directWrites}?copy`;
    const program = `
      original(1, "one ");
      const other = await import(${JSON.stringify(copy)});
      other.divertDirectWrites();
      other.writeSync(1, "two");
      fs.writeSync(1, "text");`;
    assert.deepEqual(run(program), ["one two", "text"]);
  });
});

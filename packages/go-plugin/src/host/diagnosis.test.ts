import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { detectFormat, diagnoseExecutable } from "./diagnosis.ts";

function elf(machine: number): Buffer {
  const header = Buffer.alloc(64);
  header.write("7f454c460201", "hex");
  header.writeUInt16LE(machine, 18);
  return header;
}

describe("detectFormat", () => {
  it("reads an interpreter and its argument", () => {
    assert.deepEqual(detectFormat(Buffer.from("#!/usr/bin/env node\nx")), {
      kind: "script",
      interpreter: "/usr/bin/env",
      argument: "node",
      crlf: false,
    });
  });

  it("sees CRLF after the interpreter", () => {
    const format = detectFormat(Buffer.from("#!/bin/sh\r\necho\r\n"));
    assert.ok(format.kind === "script" && format.crlf && format.interpreter === "/bin/sh");
  });

  it("names the machine of an ELF file in both byte orders", () => {
    assert.deepEqual(detectFormat(elf(183)), { kind: "elf", machine: "arm64" });
    const big = elf(0);
    big[5] = 2;
    big.writeUInt16BE(22, 18);
    assert.deepEqual(detectFormat(big), { kind: "elf", machine: "s390x" });
  });

  it("knows Mach-O and PE", () => {
    const macho = Buffer.alloc(32);
    macho.writeUInt32LE(0xfeedfacf, 0);
    macho.writeUInt32LE(0x0100000c, 4);
    assert.deepEqual(detectFormat(macho), { kind: "macho", machine: "arm64" });
    const pe = Buffer.alloc(128);
    pe.write("MZ");
    pe.writeUInt32LE(64, 0x3c);
    pe.writeUInt16LE(0x8664, 68);
    assert.deepEqual(detectFormat(pe), { kind: "pe", machine: "x64" });
  });

  it("never throws on cut headers", () => {
    for (const header of [elf(62), Buffer.from("MZ"), Buffer.from("#!"), Buffer.from([0xcf, 0xfa, 0xed, 0xfe])]) {
      for (let length = 0; length <= header.length; length++) detectFormat(header.subarray(0, length));
    }
    const pe = Buffer.alloc(64, 0xff);
    pe.write("MZ");
    assert.deepEqual(detectFormat(pe), { kind: "pe", machine: "unknown" });
  });
});

describe("diagnoseExecutable", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "diagnosis-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function file(name: string, content: string | Uint8Array, mode: number): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, content);
    await chmod(path, mode);
    return path;
  }

  const cases: readonly (readonly [
    what: string,
    content: string | Uint8Array,
    mode: number,
    note: RegExp | undefined,
  ])[] = [
    ["nothing about a good script", "#!/bin/sh\n", 0o755, undefined],
    ["a missing execute permission", "#!/bin/sh\n", 0o644, /not executable \(mode 644\)/],
    ["CRLF", "#!/bin/sh\r\n", 0o755, /CRLF/],
    ["a missing interpreter", "#!/no/such/interpreter\n", 0o755, /interpreter \/no\/such\/interpreter does not exist/],
    ["an interpreter that is looked for in no PATH", "#!/usr/bin/env node\n", 0o755, /looks for "node" in PATH/],
    ["another machine", elf(process.arch === "arm64" ? 62 : 183), 0o755, /ELF architecture: (arm64|x64)/],
    ["an empty file", "", 0o755, /empty/],
    ["a file of no known format", "echo hi\n", 0o755, /neither a program nor a script/],
  ];
  for (const [index, [what, content, mode, note]] of cases.entries()) {
    it(`says ${what}`, async () => {
      const notes = await diagnoseExecutable(await file(`f${index}`, content, mode), undefined);
      if (note === undefined) assert.deepEqual(notes, []);
      else assert.match(notes.join("\n"), note);
    });
  }

  it("says that a file is missing or a folder", async () => {
    assert.match((await diagnoseExecutable(join(folder, "absent"), undefined)).join(), /does not exist/);
    assert.match((await diagnoseExecutable(folder, undefined)).join(), /is not a file/);
  });
});

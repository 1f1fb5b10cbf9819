import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { verifyChecksum } from "./checksum.ts";

describe("verifyChecksum", () => {
  let folder = "";
  let file = "";
  const content = Buffer.alloc(200_000, 3);
  const hex = createHash("sha256").update(content).digest("hex");
  const { signal } = new AbortController();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "checksum-"));
    file = join(folder, "plugin");
    await writeFile(file, content);
  });
  after(() => rm(folder, { recursive: true }));

  it("accepts the file's checksum in either case", async () => {
    await verifyChecksum(file, { algorithm: "sha256", hex }, signal);
    await verifyChecksum(file, { algorithm: "sha256", hex: hex.toUpperCase() }, signal);
  });

  it("refuses what is not a file, without waiting for it [launch:checksum]", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    await assert.rejects(verifyChecksum(pipe, { algorithm: "sha256", hex }, signal), {
      code: "ERR_CHECKSUM_MISMATCH",
      message: /error verifying checksum: open .*pipe: it is not a file/,
    });
  });

  it("refuses another one and names both", async () => {
    const other = "0".repeat(64);
    await assert.rejects(verifyChecksum(file, { algorithm: "sha256", hex: other }, signal), {
      code: "ERR_CHECKSUM_MISMATCH",
      details: { file, algorithm: "sha256", expected: other, actual: hex },
      message: /checksums did not match/,
    });
  });

  it("refuses a file it cannot read", async () => {
    const absent = join(folder, "absent");
    await assert.rejects(verifyChecksum(absent, { algorithm: "sha256", hex }, signal), {
      code: "ERR_CHECKSUM_MISMATCH",
      message: /error verifying checksum: open .*absent/,
    });
  });

  for (const [what, bad] of [
    ["an empty one", ""],
    ["one of another length", hex.slice(1)],
    ["one that is not hexadecimal", `g${hex.slice(1)}`],
  ] as const) {
    it(`refuses ${what} as an option`, async () => {
      await assert.rejects(verifyChecksum(file, { algorithm: "sha256", hex: bad }, signal), {
        code: "ERR_INVALID_OPTION",
      });
    });
  }
});

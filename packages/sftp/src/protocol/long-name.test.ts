import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatLongName, formatMode } from "./long-name.ts";

describe("long name", () => {
  const modes: readonly (readonly [mode: number, text: string])[] = [
    [0o100644, "-rw-r--r--"],
    [0o040755, "drwxr-xr-x"],
    [0o120777, "lrwxrwxrwx"],
    [0o010600, "prw-------"],
    [0o140000, "s---------"],
    [0o020666, "crw-rw-rw-"],
    [0o060660, "brw-rw----"],
    [0o104755, "-rwsr-xr-x"],
    [0o102644, "-rw-r-Sr--"],
    [0o041777, "drwxrwxrwt"],
    [0o101644, "-rw-r--r-T"],
    [0o000644, "?rw-r--r--"],
  ];
  for (const [mode, text] of modes) {
    it(`shows mode 0${mode.toString(8)} as ${text}`, () => {
      assert.equal(formatMode(mode), text);
    });
  }

  const now = new Date(2026, 10, 25, 12, 0);
  const line = (modified: Date): string =>
    formatLongName(
      "a b",
      { mode: 0o100644, uid: 1000, gid: 100, sizeBytes: 5n, modifyTimeS: modified.getTime() / 1000 },
      now.getTime(),
    );

  it("shows the hour of recent files", () => {
    assert.equal(line(new Date(2026, 8, 3, 4, 5)), "-rw-r--r--   1 1000     100             5 Sep  3 04:05 a b");
  });

  it("shows the year of old files and of those from the future", () => {
    assert.match(line(new Date(2025, 0, 31)), / Jan 31 {2}2025 a b$/);
    assert.match(line(new Date(2027, 0, 31)), / Jan 31 {2}2027 a b$/);
  });

  it("makes do without attributes", () => {
    assert.match(formatLongName("x", {}, now.getTime()), /^\?--------- {3}1 0 {8}0 .* x$/);
  });
});

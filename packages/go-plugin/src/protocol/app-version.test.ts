import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseAppVersion } from "./app-version.ts";

describe("chooseAppVersion", () => {
  for (const [served, list, version] of [
    [[1, 2, 3], "2,1", 2],
    [[3, 2, 1], "1,2,3", 3],
    [[1, 2], "7,8", 1],
    [[2, 5], undefined, 2],
    [[2, 5], "", 2],
    [[0], "0", 0],
    [[0, 1], "0", 0],
    [[10, 9], "10", 10],
  ] as const) {
    it(`serves ${version} of ${served.join("/")} to a host that lists ${list ?? "nothing"} [version:choice]`, () => {
      assert.equal(chooseAppVersion(served, list).version, version);
    });
  }

  it("skips items that are no numbers and names them", () => {
    assert.deepEqual(chooseAppVersion([1, 2], "x,2,,1.5"), { version: 2, invalid: ["x", "", "1.5"] });
  });
});

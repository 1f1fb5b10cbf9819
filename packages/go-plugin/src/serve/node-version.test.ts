import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeOldNode } from "./node-version.ts";

const facts = { execPath: "/usr/bin/node", plugin: "/plugins/audit" };

describe("describeOldNode", () => {
  for (const version of ["v24.0.0", "v26.10.0", "v100.0.0"]) {
    it(`takes ${version}`, () => assert.equal(describeOldNode({ ...facts, version }), undefined));
  }

  it("says what an older one is, where it was found and what to do", () => {
    assert.equal(
      describeOldNode({ ...facts, version: "v20.20.2" }),
      "/plugins/audit needs Node 24 or newer, this is v20.20.2 (/usr/bin/node); put a newer node first in PATH, or name it in the first line of the file",
    );
  });

  it("does not compare as text", () => assert.ok(describeOldNode({ ...facts, version: "v9.0.0" })));
});

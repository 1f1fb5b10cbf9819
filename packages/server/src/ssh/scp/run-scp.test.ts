import assert from "node:assert/strict";
import { test } from "node:test";

import { parseScpArguments } from "./run-scp.ts";

const NOTHING = { isRecursive: false, mustBeDirectory: false };

test("what clients send is understood", () => {
  assert.deepEqual(parseScpArguments(["-t", "/up"]), { ...NOTHING, direction: "t", path: "/up" });
  assert.deepEqual(parseScpArguments(["-v", "-r", "-p", "-d", "-t", "--", "-odd"]), {
    direction: "t",
    isRecursive: true,
    mustBeDirectory: true,
    path: "-odd",
  });
  assert.deepEqual(parseScpArguments(["-rf", "."]), { ...NOTHING, isRecursive: true, direction: "f", path: "." });
});

test("anything else is not", () => {
  for (const args of [[], ["-t"], ["/a"], ["-t", "-f", "/a"], ["-t", "/a", "/b"], ["-t", "-S", "/a"], ["a", "b:c"]]) {
    assert.equal(parseScpArguments(args), undefined, args.join(" "));
  }
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { GO_PEER_NAMES, goPeerPath } from "./go-peers.ts";

const root = join(import.meta.dirname, "..");

function runSet(name: string, env: NodeJS.ProcessEnv): { readonly status: number | null; readonly stderr: string } {
  const args = ["--conditions=source", join(import.meta.dirname, "test-against-go.ts"), name];
  return spawnSync(process.execPath, args, { env, encoding: "utf8", timeout: 60_000 });
}

suite("tests against programs written in Go", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Readonly<Record<string, string>>;
  };
  const sets = Object.keys(scripts).filter((name) => scripts[name]?.includes("test-against-go.ts"));

  test("there are three sets", () => {
    assert.deepEqual(sets, ["test:h2spec", "test:grpc-interop", "test:interop"]);
  });

  for (const set of sets) {
    test(`${set} says in a sentence that it needs Go, and fails`, () => {
      const { status, stderr } = runSet(set.replace("test:", ""), { PATH: "/nowhere" });
      assert.equal(status, 1);
      assert.equal(stderr, "these tests need Go 1.25 or newer, and there is no `go` in PATH: see https://go.dev/dl\n");
    });
  }

  test("a set that is none is named", () => {
    const { status, stderr } = runSet("everything", process.env);
    assert.equal(status, 1);
    assert.match(stderr, /no such set of tests: everything; there are h2spec, grpc-interop, interop/);
  });

  test("each peer has a place of its own, with its version in it", () => {
    const places = GO_PEER_NAMES.map(goPeerPath);
    assert.equal(new Set(places).size, places.length);
    for (const place of places) assert.match(place, /go-peers\/[\w-]+@v\d[^/]*\/[\w-]+$/);
  });
});

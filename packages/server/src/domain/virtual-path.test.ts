import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ancestorsAndSelf,
  isInside,
  MAX_PATH_BYTES,
  nameOf,
  normaliseVirtualPath,
  parentOf,
  relativeVirtualPath,
  resolveLinkTarget,
  splitVirtualPath,
} from "./virtual-path.ts";

test("splits a path into its names", () => {
  assert.deepEqual(splitVirtualPath("/"), []);
  assert.deepEqual(splitVirtualPath("/a/b c/ж"), ["a", "b c", "ж"]);
});

for (const path of ["", "a", "a/b", "/a/", "//", "/a//b", "/.", "/a/..", "/../a", "/a\0b", "/a/\ud800"]) {
  test(`does not split ${JSON.stringify(path)}`, () => {
    assert.equal(splitVirtualPath(path), undefined);
  });
}

test("splits up to 4096 bytes, counted as UTF-8", () => {
  const longest = "/a".repeat(MAX_PATH_BYTES / 2);
  assert.equal(splitVirtualPath(longest)?.length, MAX_PATH_BYTES / 2);
  assert.equal(splitVirtualPath(`${longest}b`), undefined);
  assert.equal(splitVirtualPath(`/${"ж".repeat(2048)}`), undefined);
  assert.deepEqual(splitVirtualPath(`/${"ж".repeat(2047)}`), ["ж".repeat(2047)]);
});

test("knows parent and name", () => {
  assert.deepEqual(["/", "/a", "/a/b"].map(parentOf), ["/", "/", "/a"]);
  assert.deepEqual(["/", "/a", "/a/b"].map(nameOf), ["", "a", "b"]);
});

test("inside is by whole names, and nothing is inside itself", () => {
  assert.ok(isInside("/a/b", "/a"));
  assert.ok(isInside("/a", "/"));
  assert.ok(!isInside("/ab", "/a"));
  assert.ok(!isInside("/a", "/a"));
  assert.ok(!isInside("/", "/"));
});

test("walks up to the root", () => {
  assert.deepEqual([...ancestorsAndSelf("/a/b")], ["/a/b", "/a", "/"]);
  assert.deepEqual([...ancestorsAndSelf("/")], ["/"]);
});

test("normalises what administrators write", () => {
  assert.equal(normaliseVirtualPath("/a//b/./c/../"), "/a/b");
  assert.equal(normaliseVirtualPath("/../../a"), "/a");
  assert.equal(normaliseVirtualPath(""), "/");
});

test("a link target counts from the link's directory", () => {
  assert.equal(resolveLinkTarget("/d/e", "../a"), "/d/a");
  assert.equal(resolveLinkTarget("/d", "/a/./b"), "/a/b");
  assert.equal(resolveLinkTarget("/d", ".."), "/");
});

test("a link target that climbs out means nothing", () => {
  assert.equal(resolveLinkTarget("/d", "../.."), undefined);
  assert.equal(resolveLinkTarget("/", "../a"), undefined);
  assert.equal(resolveLinkTarget("/d", "/../etc/passwd"), undefined);
});

test("a relative path leads back to where it came from", () => {
  assert.equal(relativeVirtualPath("/", "/t.txt"), "t.txt");
  assert.equal(relativeVirtualPath("/d/e", "/d/f/g"), "../f/g");
  assert.equal(relativeVirtualPath("/d", "/d"), ".");
  for (const [directory, to] of [
    ["/", "/"],
    ["/a/b", "/"],
    ["/a", "/a/b/c"],
    ["/a/b/c", "/x"],
  ] as const) {
    assert.equal(resolveLinkTarget(directory, relativeVirtualPath(directory, to)), to);
  }
});

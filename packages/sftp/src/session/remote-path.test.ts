import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SftpError } from "../sftp-error.ts";
import { expandRemotePath, resolveRemotePath } from "./remote-path.ts";

describe("remote path", () => {
  const cases: readonly (readonly [path: string, home: string, resolved: string])[] = [
    ["/", "/", "/"],
    ["/a/b", "/", "/a/b"],
    ["a", "/", "/a"],
    ["a", "/home/me", "/home/me/a"],
    [".", "/home/me", "/home/me"],
    ["..", "/home/me", "/home"],
    ["../../../..", "/home/me", "/"],
    ["/../a", "/home", "/a"],
    ["//a///b/", "/", "/a/b"],
    ["/a/./b/../c", "/", "/a/c"],
    ["/a/...", "/", "/a/..."],
    ["~", "/home", "/home/~"],
    ["/a\\..\\b", "/", "/a\\..\\b"],
  ];
  for (const [path, home, resolved] of cases) {
    it(`takes "${path}" at ${home} for ${resolved}`, () => {
      assert.equal(resolveRemotePath(path, home), resolved);
    });
  }

  it("refuses the empty path", () => {
    assert.throws(
      () => resolveRemotePath("", "/"),
      (error) => SftpError.is(error, "NO_SUCH_FILE"),
    );
  });

  it("expands a tilde to the home directory, and knows nobody else's", () => {
    assert.equal(expandRemotePath("~", "/home"), "/home");
    assert.equal(expandRemotePath("~/../a", "/home"), "/a");
    assert.equal(expandRemotePath("a/~", "/home"), "/home/a/~");
    assert.throws(
      () => expandRemotePath("~root", "/home"),
      (error) => SftpError.is(error, "NO_SUCH_FILE"),
    );
  });
});

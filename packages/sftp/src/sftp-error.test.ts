import assert from "node:assert/strict";
import { test } from "node:test";
import { SftpError } from "./sftp-error.ts";

test("an SftpError takes no stack trace and leaves that of others alone", () => {
  const error = new SftpError("NO_SUCH_FILE", "no such file");
  assert.equal(error.stack?.includes("\n"), false);
  assert.match(new RangeError("other").stack ?? "", /\n\s+at /);
});

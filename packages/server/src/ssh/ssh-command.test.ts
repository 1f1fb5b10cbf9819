import assert from "node:assert/strict";
import { test } from "node:test";

import { enabledCommands, parseSshCommand } from "./ssh-command.ts";

test("enabledCommands takes a star for all that are here", () => {
  assert.equal(enabledCommands(["*"]).size, 8);
  assert.deepEqual([...enabledCommands(["sftpgo-copy", "pwd", "md5sum"])], ["pwd", "md5sum"]);
});

test("a command is known by its whole first word", () => {
  const enabled = enabledCommands(["*"]);
  assert.deepEqual(parseSshCommand(" md5sum '/a b' c", enabled), { name: "md5sum", args: ["/a b", "c"] });
  for (const line of ["", "md5", "md5sumx", "/bin/pwd", "constructor", "toString"]) {
    assert.equal(parseSshCommand(line, enabled), undefined, line);
  }
});

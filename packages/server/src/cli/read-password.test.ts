import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";

import { FairleadError } from "../domain/fairlead-error.ts";
import { readPassword } from "./read-password.ts";

/** A terminal that remembers what was shown and whether it echoes. */
class FakeTerminal extends PassThrough {
  readonly isTTY = true;
  isRaw = false;
  shown = "";

  setRawMode(isRaw: boolean): this {
    this.isRaw = isRaw;
    return this;
  }
}

interface Asked {
  readonly terminal: FakeTerminal;
  readonly answer: Promise<string>;
}

/** Asks, typing each text when a question is shown. */
function ask(...typed: readonly string[]): Asked {
  const terminal = new FakeTerminal();
  const texts = [...typed];
  const stderr = {
    write(text: string) {
      terminal.shown += text;
      assert.ok(terminal.isRaw || text === "\n", "a question is shown while the terminal echoes");
      if (text.includes(": ")) {
        terminal.write(texts.shift() ?? "");
      }
    },
  };
  return { terminal, answer: readPassword(undefined, { stdin: terminal as unknown as NodeJS.ReadStream, stderr }) };
}

for (const [what, typed, password] of [
  ["typed twice", ["secret\r", "secret\r"], "secret"],
  ["corrected with backspace", ["secrex\u007ft\r", "xx\b\bsecret\n"], "secret"],
  ["of any characters", ["pä😀ss\r", "pä😀\u007f😀ss\r"], "pä😀ss"],
  ["pasted with both answers at once", ["secret\rsecret\r"], "secret"],
] as const) {
  test(`a password ${what} is taken, unseen`, async () => {
    const { terminal, answer } = ask(...typed);
    assert.equal(await answer, password);
    assert.equal(terminal.shown.trim(), "Password: \nPassword again:");
    assert.equal(terminal.isRaw, false);
  });
}

for (const [what, typed] of [
  ["two that differ", ["one\r", "two\r"]],
  ["none", ["\r", "\r"]],
  ["Ctrl-C", ["sec\u0003"]],
  ["Ctrl-D", ["secret\r", "\u0004"]],
] as const) {
  test(`${what} on the terminal gives up, and the terminal echoes again`, async () => {
    const { terminal, answer } = ask(...typed);
    await assert.rejects(answer, (error) => FairleadError.is(error, "ERR_USAGE"));
    assert.equal(terminal.isRaw, false);
  });
}

test("the first line of a file is the password, whatever the terminal", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-password-"));
  try {
    const file = join(folder, "password");
    writeFileSync(file, " with spaces \r\nsecond line\n");
    const stdin = new FakeTerminal() as unknown as NodeJS.ReadStream;
    assert.equal(
      await readPassword(file, { stdin, stderr: { write: () => assert.fail("nothing is asked") } }),
      " with spaces ",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the first line of a pipe is the password, in however many pieces it comes", async () => {
  const stdin = new PassThrough();
  const answer = readPassword(undefined, {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stderr: { write: () => assert.fail("nothing is asked") },
  });
  for (const piece of ["sec", "ret\nthe", " rest"]) {
    stdin.write(piece);
  }
  stdin.end();
  assert.equal(await answer, "secret");
});

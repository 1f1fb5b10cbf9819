import assert from "node:assert/strict";
import { test } from "node:test";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { describePairs } from "./pairs.ts";

const lines = (form: (line: number) => string): string =>
  Array.from({ length: 20 }, (_, index) => form(index + 1)).join("");

describePairs("output", ({ open, plugin }) => {
  for (const tls of ["none", "auto"] as const) {
    test(`what the plugin prints arrives, each stream in its order, tls ${tls} [stdio:sinks serve:stdio]`, async () => {
      await using host = await open({ tls });
      for (let line = 1; line <= 20; line++) {
        await host.kv.print("stdout", `out ${line}\n`);
        await host.kv.print("stderr", `err ${line}: é\n`);
      }
      await waitFor("the last line", () => host.stdout().includes("out 20\n") && host.stderr().includes("err 20"));
      assert.equal(
        host.stdout(),
        lines((line) => `out ${line}\n`),
      );
      assert.equal(
        host.stderr(),
        lines((line) => `err ${line}: é\n`),
      );
    });
  }

  test("a print of a megabyte arrives complete and holds nobody up [stdio:drain serve:stdio]", async () => {
    await using host = await open({ tls: "auto" });
    const text = "0123456789abcde\n".repeat(65_536);
    await host.kv.print("stdout", text);
    await host.ping();
    await waitFor("the whole text", () => host.stdout().length >= text.length);
    assert.equal(host.stdout() === text, true);
  });

  for (const level of ["trace", "debug", "info", "warn", "error"] as const) {
    test(`a log line of level ${level} becomes the host's, with its fields [log:stderr serve:log]`, async () => {
      await using host = await open();
      await host.kv.log(level, 'said "é"\nand more');
      const line = await waitFor("the line", () => host.log().find(({ message }) => message.startsWith("said")));
      assert.deepEqual([line.level, line.message], [level, 'said "é"\nand more']);
      assert.equal(line.fields["field"], "of the line");
    });
  }

  test("a line beyond 64 KiB does not stop the log [log:stderr serve:log]", async () => {
    await using host = await open();
    await host.kv.log("info", "x".repeat(100_000));
    await host.kv.log("warn", "after it");
    await waitFor("the next line", () => host.log().find(({ message }) => message === "after it"));
    // Ours shortens what a Go host would show in pieces.
    const [piece] = host.log().filter(({ message }) => message.includes("xxxx"));
    assert.equal(piece?.level, plugin === "ours" ? "info" : "debug");
  });
});

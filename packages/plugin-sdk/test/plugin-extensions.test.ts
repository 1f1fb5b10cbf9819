/** The document that plugin authors of other languages read has the files that ours are made of. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { EVENT_ID_METADATA } from "../src/rpc/event-id.ts";

const packageFolder = join(import.meta.dirname, "..");
const document = readFileSync(join(packageFolder, "../../docs/reference/plugin-extensions.md"), "utf8");

for (const name of ["gate", "plugin-info"]) {
  test(`${name}.proto stands in the document as it is`, () => {
    const schema = readFileSync(join(packageFolder, "proto", `${name}.proto`), "utf8");
    assert.ok(
      document.includes(`\`\`\`proto\n${schema}\`\`\`\n`),
      `docs/reference/plugin-extensions.md lacks ${schema}`,
    );
  });
}

test("the metadata of an event is called as the document says", () => {
  assert.ok(document.includes(`## The metadata \`${EVENT_ID_METADATA}\``));
});

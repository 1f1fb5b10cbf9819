// The descriptors under gen/ are checked in, and buf is not at hand in every test run: whoever changes a schema and forgets
// `npm run generate` is found out by the names and numbers in it.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { suite, test } from "node:test";
import { FILE_DESCRIPTORS as ofGoPlugin } from "../packages/go-plugin/src/protocol/gen/descriptors.ts";
import { FILE_DESCRIPTORS as ofGrpc } from "../packages/grpc/src/gen/descriptors.ts";
import { parseFileDescriptor } from "../packages/grpc/src/reflection/file-descriptor.ts";

const packages = join(import.meta.dirname, "..", "packages");

/** Each kind's by themselves; some have the same imports. */
const ofKinds = await Promise.all(
  globSync("plugin-sdk/src/gen/*/descriptors.ts", { cwd: packages }).map(
    async (path) => (await import(join(packages, path))) as { readonly FILE_DESCRIPTORS: readonly string[] },
  ),
);
const ofPluginSdk = [...new Set(ofKinds.flatMap(({ FILE_DESCRIPTORS }) => FILE_DESCRIPTORS))];

suite("descriptors for reflection", () => {
  for (const [name, texts] of Object.entries({ grpc: ofGrpc, "go-plugin": ofGoPlugin, "plugin-sdk": ofPluginSdk })) {
    const folder = join(packages, name, "proto");
    const files = texts.map((text) => parseFileDescriptor(Buffer.from(text, "base64")));
    const schemas = globSync("**/*.proto", { cwd: folder }).sort();

    test(`${name} has one for each schema and for what that imports`, () => {
      const names = schemas.map((schema) => schema.split(sep).join("/"));
      const imported = files.flatMap(({ dependencies }) => dependencies);
      assert.deepEqual(files.map((file) => file.name).sort(), [...new Set([...names, ...imported])].sort());
    });

    for (const schema of schemas) {
      test(`${name}: all that ${schema} declares, and nothing else`, () => {
        const text = readFileSync(join(folder, schema), "utf8").replaceAll(/\/\/.*$/gm, "");
        const file = files.find((found) => found.name === schema.split(sep).join("/"));
        assert.deepEqual(
          file?.symbols
            .filter((symbol) => !isOfMap(symbol))
            .map(lastPart)
            .sort(),
          namesIn(text),
        );
        const numbers = Buffer.from(file.bytes);
        for (const [, field, number] of text.matchAll(/(\w+) = (\d+);/g)) {
          // FieldDescriptorProto: `name = 1`, `number = 3`; an enum's values have theirs in 2.
          const head = Buffer.from([0x0a, field!.length, ...Buffer.from(field!)]);
          const tails = [0x18, 0x10].map((tag) => Buffer.concat([head, Buffer.from([tag, Number(number)])]));
          assert.ok(
            tails.some((tail) => numbers.includes(tail)),
            `${field} = ${number}`,
          );
        }
      });
    }
  }
});

/** Of everything a schema declares, sorted. */
function namesIn(text: string): string[] {
  const declared = text.matchAll(/\b(?:message|enum|service|rpc|oneof) (\w+)|(\w+) = \d+;/g);
  return [...declared].map(([, name, field]) => name ?? field ?? "").sort();
}

/** What protobuf makes of a `map<…>` besides the field. */
function isOfMap(symbol: string): boolean {
  return /Entry(?:\.(?:key|value))?$/.test(symbol);
}

function lastPart(symbol: string): string {
  return symbol.slice(symbol.lastIndexOf(".") + 1);
}

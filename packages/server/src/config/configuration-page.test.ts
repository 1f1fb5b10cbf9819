import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as z from "zod";

import { SECTION_SCHEMAS } from "./config-schema.ts";
import { isKnownKey } from "./known-keys.ts";

/** Dotted names of a schema's keys; keys of list entries come without an index. */
function keysOf(schema: unknown): readonly string[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) {
    return keysOf(inner.element);
  }
  if (!(inner instanceof z.ZodObject)) {
    return [""];
  }
  return Object.entries(inner.shape).flatMap(([name, value]) =>
    keysOf(value).map((rest) => (rest === "" ? name : `${name}.${rest}`)),
  );
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault ? unwrap(schema.unwrap()) : schema;
}

const implemented = Object.entries(SECTION_SCHEMAS).flatMap(([section, schema]) =>
  keysOf(schema).map((key) => `${section}.${key}`),
);

test("docs/reference/configuration.md has a row for each key and no other", () => {
  const page = readFileSync(new URL("../../../../docs/reference/configuration.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/^\| `([a-z0-9_.]+)` \|/gm)].map(([, key]) => key);
  assert.deepEqual(new Set(documented), new Set(implemented));
  assert.equal(documented.length, implemented.length);
});

test("each implemented key is a known one", () => {
  for (const name of implemented) {
    assert.ok(isKnownKey(name.split(".")), `${name} is not known`);
  }
});

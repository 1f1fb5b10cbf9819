import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FAIRLEAD_ERROR_CODES, FairleadError } from "./fairlead-error.ts";

test("is recognises the class and the code", () => {
  const error = new FairleadError("ERR_STORE", "message", { details: { file: "x" }, cause: 1 });
  assert.ok(FairleadError.is(error));
  assert.ok(FairleadError.is(error, "ERR_STORE"));
  assert.equal(FairleadError.is(error, "ERR_LISTEN"), false);
  assert.equal(FairleadError.is(new Error("message")), false);
  assert.equal(FairleadError.is({ code: "ERR_STORE" }), false);
  assert.deepEqual(error.details, { file: "x" });
  assert.equal(error.cause, 1);
});

test("docs/reference/server-errors.md has a section for each code and no other", () => {
  const page = readFileSync(new URL("../../../../docs/reference/server-errors.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/^### (ERR_[A-Z_]+)$/gm)].map(([, code]) => code);
  assert.deepEqual(new Set(documented), new Set<string>(FAIRLEAD_ERROR_CODES));
  assert.equal(documented.length, FAIRLEAD_ERROR_CODES.length);
});

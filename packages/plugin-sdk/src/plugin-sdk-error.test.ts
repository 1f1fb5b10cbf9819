import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PluginSdkError } from "./plugin-sdk-error.ts";
import type { PluginSdkErrorCode } from "./plugin-sdk-error.ts";

const codes: Readonly<Record<PluginSdkErrorCode, true>> = { ERR_EVENTS_MALFORMED: true, ERR_SETTINGS_INVALID: true };

test("docs/reference/errors.md has a section for each code of the SDK, and no other", () => {
  const page = readFileSync(new URL("../../../docs/reference/errors.md", import.meta.url), "utf8");
  const section = /^## Plugin SDK \(`PluginSdkError`\)$([\s\S]*?)^## /m.exec(page)?.[1] ?? "";
  const documented = [...section.matchAll(/^### (ERR_[A-Z_]+)$/gm)].map(([, code]) => code);
  assert.deepEqual(new Set(documented), new Set(Object.keys(codes)));
});

test("an error of another copy of the package is recognised by its code", () => {
  const error = new PluginSdkError("ERR_EVENTS_MALFORMED", "no rows", { cause: "why" });
  assert.deepEqual([PluginSdkError.is(error, "ERR_SETTINGS_INVALID"), error.cause], [false, "why"]);
  const foreign = { code: "ERR_EVENTS_MALFORMED", [Symbol.for("@fairlead/plugin-sdk/PluginSdkError")]: true };
  assert.ok(PluginSdkError.is(foreign, "ERR_EVENTS_MALFORMED"));
});

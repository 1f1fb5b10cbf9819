import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { ERROR_CODES } from "./error-codes.ts";
import { PluginError } from "./plugin-error.ts";

describe("PluginError", () => {
  it("ends its message with the next step", () => {
    const error = new PluginError("ERR_PLUGIN_GONE", "plugin x is gone: exit status 3", { details: { pid: 1 } });
    assert.equal(error.summary, "plugin x is gone: exit status 3");
    assert.ok(error.message.endsWith(ERROR_CODES.ERR_PLUGIN_GONE.nextStep));
    assert.deepEqual(error.details, { pid: 1 });
  });

  it("keeps its cause", () => {
    const cause = new TypeError("x");
    assert.equal(new PluginError("ERR_PLUGIN_GONE", "m", { cause }).cause, cause);
    assert.equal("cause" in new PluginError("ERR_PLUGIN_GONE", "m"), false);
  });

  it("is recognised by code and by another copy of the package", () => {
    const error = new PluginError("ERR_PLUGIN_GONE", "m");
    assert.ok(PluginError.is(error));
    assert.ok(PluginError.is(error, "ERR_PLUGIN_GONE"));
    assert.equal(PluginError.is(error, "ERR_CORE_VERSION"), false);
    assert.equal(PluginError.is(new Error("m")), false);
    const foreign = { code: "ERR_PLUGIN_GONE", [Symbol.for("@fairlead/go-plugin/PluginError")]: true };
    assert.ok(PluginError.is(foreign, "ERR_PLUGIN_GONE"));
  });
});

describe("docs/reference/errors.md", () => {
  const page = readFileSync(new URL("../../../docs/reference/errors.md", import.meta.url), "utf8");
  const section = /^## go-plugin \(`PluginError`\)$([\s\S]*?)^## /m.exec(page)?.[1] ?? "";
  const documented = [...section.matchAll(/^### (ERR_[A-Z_]+)$/gm)].map(([, code]) => code);

  it("has a section for each code, and none for codes that do not exist", () => {
    assert.deepEqual(new Set(documented), new Set(Object.keys(ERROR_CODES)));
    assert.equal(documented.length, new Set(documented).size);
  });
});

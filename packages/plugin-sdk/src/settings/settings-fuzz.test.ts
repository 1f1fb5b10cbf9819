import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../../../../scripts/fuzz-rounds.ts";
import { createRandom } from "../../test/hostile-bytes.ts";
import { PluginSdkError } from "../plugin-sdk-error.ts";
import { defineSettings } from "./define-settings.ts";
import { findRequest, readSettings } from "./read-settings.ts";

const settings = defineSettings(
  {
    url: { type: "string", required: true, secret: true, description: "" },
    count: { type: "integer", min: -5, max: 5, description: "" },
    size: { type: "bigint", description: "" },
    on: { type: "boolean", description: "" },
    wait: { type: "duration", description: "" },
    names: { type: "list", description: "" },
    mode: { type: "choice", choices: ["a", "b"], description: "" },
  },
  { envPrefix: "P", command: "serve" },
);

const pieces = [
  ..."-- - = serve --url -url= --count --count= --size --on --on= --wait --names --mode -h help --version".split(" "),
  ..."0 -1 0x5 1_0 1m30s .5h true f a,b ,, b \u00b5s \0 \n __proto__ --__proto__ --constructor= 9".split(" "),
  "",
  "9".repeat(400),
];

test("whatever the arguments and variables are, there are values of their types or a sentence", async () => {
  await fuzz(5_000, (seed) => {
    const random = createRandom(seed);
    const pick = (): string => pieces[Math.floor(random() * pieces.length)] ?? "";
    const glue = (): string => (random() < 0.3 ? pick() + pick() : pick());
    const args = Array.from({ length: Math.floor(random() * 8) }, glue);
    const env = { P_URL: pick(), P_COUNT: pick(), P_SIZE: pick(), P_ON: pick(), P_WAIT: pick(), P_MODE: pick() };
    assert.ok(["help", "version", "values"].includes(findRequest(settings, args)));
    try {
      const { count, size, on, wait, names, mode } = readSettings(settings, { args, env });
      assert.ok(count === undefined || (Number.isInteger(count) && Math.abs(count) <= 5));
      assert.ok(size === undefined || typeof size === "bigint");
      assert.equal(typeof on, "boolean");
      assert.ok(wait === undefined || wait >= 0);
      assert.ok(Array.isArray(names) && !names.includes(""));
      assert.ok(mode === undefined || mode === "a" || mode === "b");
    } catch (error) {
      assert.ok(PluginSdkError.is(error, "ERR_SETTINGS_INVALID"), String(error));
    }
  });
});

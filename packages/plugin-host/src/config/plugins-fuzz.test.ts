import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../../../../scripts/fuzz-rounds.ts";
import { PluginHostError } from "../plugin-host-error.ts";
import { parsePluginConfigs } from "./parse-plugin-configs.ts";
import { applyPluginEnvironment, findUnknownPluginVariables } from "./plugin-environment.ts";
import { PLUGIN_KEYS, formatEnvName } from "./plugin-keys.ts";
import { PLUGIN_TYPES } from "./plugin-schema.ts";

const rounds = 3_000;

/** Numbers below a bound, the same for a seed in every run (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let next = Math.imul(seed, 0x9e3779b1);
  return (below) => {
    next = (next + 0x6d2b79f5) | 0;
    let mixed = Math.imul(next ^ (next >>> 15), 1 | next);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

let random = createRandom(0);
const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;

const oddValues: readonly unknown[] = [
  undefined,
  null,
  "",
  " ",
  "\0",
  "__proto__",
  "constructor",
  "x".repeat(10_000),
  0,
  -1,
  1.5,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  10n,
  true,
  "true",
  "1,2,3",
  [],
  [[]],
  {},
  new Date(0),
  Symbol.iterator,
  () => 1,
  JSON.parse('{"__proto__":{"cmd":"/evil"},"constructor":1}') as unknown,
];
const oddKeys = ["__proto__", "constructor", "toString", "hasOwnProperty", "sha265sum", "Fairlead", "", "0", "args.0"];
const rightValues: readonly unknown[] = ["/p", ["upload"], [1, 5], 5, "awskms", "AWS", "deny", "memory", true, 15];
const rightKeys = PLUGIN_KEYS.map(({ path }) => path);

/** An entry of a section: right for its type, with some keys that are not. */
function makeEntry(): unknown {
  if (random(20) === 0) return pick(oddValues);
  const entry: Record<string, unknown> = {
    type: pick(PLUGIN_TYPES),
    cmd: "/p",
    notifier_options: { fs_events: ["upload"] },
    auth_options: { scope: 1 },
    kms_options: { scheme: "awskms", encrypted_status: "AWS" },
  };
  for (let count = random(4); count > 0; count--) {
    const [first = "", ...rest] = random(8) === 0 ? [pick(oddKeys)] : pick(rightKeys);
    const value = random(2) === 0 ? pick(oddValues) : pick(rightValues);
    define(
      entry,
      first,
      rest.reduceRight((inner: unknown, key) => ({ [key]: inner }), value),
    );
  }
  return entry;
}

/** As JSON.parse does it: `__proto__` becomes a key like any other. */
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

test("whatever the section holds, it is read or refused with a PluginHostError that names it", async () => {
  let read = 0;
  const done = await fuzz(rounds, (seed) => {
    random = createRandom(seed);
    const section = random(30) === 0 ? pick(oddValues) : Array.from({ length: random(4) }, makeEntry);
    try {
      for (const config of parsePluginConfigs(section, { source: "f.json", folder: "/f" })) {
        assert.ok(PLUGIN_TYPES.includes(config.type));
        assert.notEqual(config.cmd, "/evil");
        read++;
      }
    } catch (error) {
      if (!PluginHostError.is(error)) throw error;
      assert.match(error.message, /f\.json/);
      assert.ok(error.message.length < 2_000, error.message.slice(0, 200));
    }
  });
  // Of a few rounds, such as one that is brought back, it may be none.
  assert.ok(done < rounds || read > done / 10, `only ${read} entries were read`);
  assert.equal(({} as Record<string, unknown>)["cmd"], undefined);
});

test("whatever the variables hold, the section is read or refused with a PluginHostError", async () => {
  const texts = [
    "",
    " ",
    "1",
    "yes",
    "-1",
    "a,b",
    ",",
    "99999999999999999999",
    "0x10",
    "__proto__",
    "\0",
    "../x",
    "true",
  ];
  await fuzz(rounds, (seed) => {
    random = createRandom(seed);
    const env: Record<string, string> = {};
    for (let count = 1 + random(10); count > 0; count--) {
      const path = random(10) === 0 ? [pick(oddKeys)] : pick(rightKeys);
      env[formatEnvName(random(11), path)] = random(3) === 0 ? String(pick(rightValues)) : pick(texts);
    }
    try {
      findUnknownPluginVariables(env);
      const { plugins, origins } = applyPluginEnvironment(pick([undefined, [], [makeEntry()]]), env);
      parsePluginConfigs(plugins, { origins });
    } catch (error) {
      if (!PluginHostError.is(error)) throw error;
    }
  });
});

test("a value nested deeper than any stack is refused or left aside", () => {
  const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as unknown;
  const entry = { type: "ipfilter", cmd: "/p", unknown: deep };
  assert.equal(parsePluginConfigs([entry]).length, 1);
  assert.throws(() => parsePluginConfigs([{ ...entry, env_vars: deep }]), { code: "ERR_PLUGIN_CONFIG" });
  assert.throws(() => parsePluginConfigs([deep]), { code: "ERR_PLUGIN_CONFIG" });
});

test("a list of a hundred thousand items is read", () => {
  const args = Array.from({ length: 100_000 }, (_, index) => `a${index}`);
  const [config] = parsePluginConfigs([{ type: "ipfilter", cmd: "/p", args }]);
  assert.equal(config?.args.length, 100_000);
});

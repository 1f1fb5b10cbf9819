import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultHealthPolicy } from "../supervisor/health-policy.ts";
import { defaultRestartPolicy } from "../supervisor/restart-policy.ts";
import type { PluginFairleadOptions } from "./fairlead-options.ts";
import { parsePluginConfigs } from "./parse-plugin-configs.ts";
import type { ParsePluginsOptions } from "./parse-plugin-configs.ts";

const entries = {
  notifier: { cmd: "/n", notifier_options: { fs_events: ["upload"] } },
  auth: { cmd: "/a", auth_options: { scope: 1 } },
  kms: { cmd: "/k", kms_options: { scheme: "awskms", encrypted_status: "AWS" } },
  ipfilter: { cmd: "/i" },
  eventsearcher: { cmd: "/e" },
} as const;

function parse(
  fairlead: unknown,
  type: keyof typeof entries = "ipfilter",
  options: ParsePluginsOptions = {},
): PluginFairleadOptions {
  const [config] = parsePluginConfigs([{ type, ...entries[type], fairlead }], { folder: "/etc/fairlead", ...options });
  assert.ok(config !== undefined);
  return config.fairlead;
}

const defaults: PluginFairleadOptions = {
  restart: defaultRestartPolicy,
  health: defaultHealthPolicy,
  startTimeoutMs: 60_000,
  required: true,
  onUnavailable: undefined,
  delivery: "memory",
  gate: { timeoutMs: 5_000, onFailure: "deny", expected: false },
  sandbox: undefined,
};

test("without options every type behaves as in SFTPGo, and starts again sooner", () => {
  for (const type of ["notifier", "kms", "eventsearcher"] as const) assert.deepEqual(parse(undefined, type), defaults);
  assert.deepEqual(parse(null, "auth"), { ...defaults, onUnavailable: "deny" });
  assert.deepEqual(parse({}, "ipfilter"), { ...defaults, onUnavailable: "allow" });
});

test("every option is read, in any case; seconds become milliseconds", () => {
  const options = parse({
    Restart: { Initial_Delay: 0.5, max_delay: "60", factor: 1.5, jitter: 0, stable_after: 10, max_failures: 3 },
    health: { interval: 1, timeout: 2, max_failures: 5 },
    start_timeout: 1.5,
    required: "false",
    ON_UNAVAILABLE: "deny",
    gate: { timeout: 0.25, on_failure: "allow" },
    sandbox: { read: ["/srv/lists/"], write: "data/a,data/b", network: true },
  });
  assert.deepEqual(options, {
    restart: { initialDelayMs: 500, maxDelayMs: 60_000, factor: 1.5, jitter: 0, stableAfterMs: 10_000, maxFailures: 3 },
    health: { intervalMs: 1_000, timeoutMs: 2_000, maxFailures: 5 },
    startTimeoutMs: 1_500,
    required: false,
    onUnavailable: "deny",
    delivery: "memory",
    gate: { timeoutMs: 250, onFailure: "allow", expected: true },
    sandbox: { read: ["/srv/lists"], write: ["/etc/fairlead/data/a", "/etc/fairlead/data/b"], network: true },
  });
});

test("the server's own defaults hold for entries that say nothing", () => {
  const server = { startTimeoutMs: 90_000, delivery: "journal" } as const;
  const silent = parse({}, "notifier", server);
  assert.deepEqual([silent.startTimeoutMs, silent.delivery], [90_000, "journal"]);
  const own = parse({ start_timeout: 5, delivery: "memory" }, "notifier", server);
  assert.deepEqual([own.startTimeoutMs, own.delivery], [5_000, "memory"]);
});

test("no limit of failures means that a plugin is never given up", () => {
  assert.equal(parse({ restart: { max_failures: 0 } }).restart.maxFailures, Number.POSITIVE_INFINITY);
});

test("an empty sandbox lets nothing through", () => {
  assert.deepEqual(parse({ sandbox: {} }).sandbox, { read: [], write: [], network: false });
});

test("an empty gate says that one is expected", () => {
  assert.deepEqual(parse({ gate: {} }).gate, { timeoutMs: 5_000, onFailure: "deny", expected: true });
});

test("a journal for what is no notifier is told, unless the server says so for all", () => {
  const warnings: string[] = [];
  const onWarning = (warning: string): unknown => warnings.push(warning);
  parse({}, "kms", { delivery: "journal", onWarning });
  assert.deepEqual(warnings, []);
  parse({ delivery: "journal" }, "kms", { onWarning });
  assert.match(warnings[0] ?? "", /plugins\[0\]\.fairlead\.delivery does nothing/);
});

const refusals: readonly (readonly [name: string, options: unknown, message: RegExp, type?: keyof typeof entries])[] = [
  ["options that are no object", "x", /^plugins\[0\]\.fairlead in f\.json is "x": expected an object/],
  [
    "an unknown option",
    { restarts: {} },
    /plugins\[0\]\.fairlead\.restarts in f\.json is no key: here are restart, health, start_timeout/,
  ],
  [
    "an unknown option further down",
    { sandbox: { reads: [] } },
    /fairlead\.sandbox\.reads in f\.json is no key: here are read, write, network/,
  ],
  [
    "a number out of range",
    { restart: { jitter: 2 } },
    /fairlead\.restart\.jitter in f\.json is 2: expected a number from 0 to 1/,
  ],
  [
    "a number that is none",
    { health: { interval: "soon" } },
    /fairlead\.health\.interval in f\.json is "soon": expected a number/,
  ],
  ["a fraction of a failure", { restart: { max_failures: 1.5 } }, /expected a whole number/],
  [
    "a ceiling below the first delay",
    { restart: { initial_delay: 2, max_delay: 1 } },
    /fairlead\.restart\.max_delay in f\.json is 1: must not be shorter/,
  ],
  ["another policy", { on_unavailable: "maybe" }, /is "maybe": expected "deny" or "allow"/],
  [
    "logins without the plugin that decides about them",
    { on_unavailable: "allow" },
    /fairlead\.on_unavailable in f\.json is "allow": a plugin that is down cannot let anybody in/,
    "auth",
  ],
  ["logins decided by the local store", { on_unavailable: "local" }, /is "local": expected "deny"/, "auth"],
  ["a policy of a type that has none", { on_unavailable: "deny" }, /only auth and ipfilter plugins have it/, "kms"],
  ["another delivery", { delivery: "disk" }, /is "disk": expected "memory" or "journal"/, "notifier"],
  ["a sandbox that is no object", { sandbox: true }, /fairlead\.sandbox in f\.json is true: expected an object/],
  [
    "a sandbox that says nothing",
    { sandbox: null },
    /fairlead\.sandbox in f\.json is null: expected an object; \{\} takes its defaults/,
  ],
  ["a gate that says nothing", { gate: null }, /fairlead\.gate in f\.json is null: expected an object/],
  [
    "a path with dots",
    { sandbox: { read: ["/srv/../etc"] } },
    /sandbox\.read\.0 in f\.json is "\/srv\/\.\.\/etc": must not contain "\.\."/,
  ],
  ["a path with a star", { sandbox: { read: ["/srv/*"] } }, /must not contain "\*"/],
  ["a path with a tilde", { sandbox: { read: ["~/x"] } }, /"~" has no meaning here/],
  ["an empty path", { sandbox: { write: [""] } }, /expected a path/],
  ["everything to write", { sandbox: { write: ["/"] } }, /must not be "\/"/],
  ["everything to write, in disguise", { sandbox: { write: ["//./"] } }, /must not be "\/"/],
];

for (const [name, options, message, type] of refusals) {
  test(`refused: ${name}`, () => {
    assert.throws(() => parse(options, type, { source: "f.json" }), { code: "ERR_PLUGIN_CONFIG", message });
  });
}

test("a relative path is refused when there is no folder it starts from", () => {
  assert.throws(
    () => parsePluginConfigs([{ type: "ipfilter", cmd: "/i", fairlead: { sandbox: { read: ["data"] } } }]),
    /expected an absolute path/,
  );
});

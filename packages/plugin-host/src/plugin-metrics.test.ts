import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { formatJournalMetrics, formatPluginMetrics, METRICS } from "./plugin-metrics.ts";
import type { PluginStatus } from "./plugin-status.ts";

const notifier: PluginStatus = {
  index: 0,
  name: "audit",
  kind: "notifier",
  cmd: "/usr/bin/audit",
  version: "1.2",
  hasGate: true,
  state: "running",
  stateSinceMs: 1_700_000_000_500,
  pid: 12,
  sharedWith: [0],
  responsive: true,
  restarts: 2,
  startedAtMs: 1_700_000_000_000,
  calls: 10,
  failures: 1,
  p50Ms: 1.5,
  p99Ms: 20,
  queueLength: 3,
  queueBytes: 2_700,
  oldestEventAgeMs: 1_250,
  delivered: 9,
  failed: 1,
  dropped: 4,
  drops: { "too-old": 3, "queue-full": 1 },
  lastError: "no",
  lastErrorAtMs: 1_700_000_001_000,
};

const silent: PluginStatus = {
  ...notifier,
  index: 1,
  name: 'odd "name"\\\n',
  kind: "kms",
  version: undefined,
  state: "backing-off",
  startedAtMs: undefined,
  p50Ms: undefined,
  p99Ms: undefined,
  oldestEventAgeMs: undefined,
  lastErrorAtMs: undefined,
};

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format, and takes nothing that a strict reader would not. */
function parseMetrics(text: string): {
  readonly types: ReadonlyMap<string, string>;
  readonly series: readonly Series[];
} {
  const types = new Map<string, string>();
  const series: Series[] = [];
  const described = new Set<string>();
  assert.ok(text === "" || text.endsWith("\n"));
  for (const line of text.split("\n").slice(0, -1)) {
    const [, keyword, about = "", rest = ""] = /^# (HELP|TYPE) ([a-z_:][a-z0-9_:]*) (.+)$/.exec(line) ?? [];
    if (keyword === "HELP") {
      assert.ok(!described.has(about), `${about} is described twice`);
      described.add(about);
    } else if (keyword === "TYPE") {
      assert.ok(described.has(about) && !types.has(about));
      assert.match(rest, /^(counter|gauge)$/);
      types.set(about, rest);
    } else {
      series.push(parseSeries(line));
      assert.equal([...types.keys()].at(-1), series.at(-1)?.name, "series stand below their own type");
    }
  }
  const ids = series.map(({ name, labels }) => JSON.stringify([name, labels]));
  assert.equal(new Set(ids).size, ids.length, "no series is there twice");
  return { types, series };
}

function parseSeries(line: string): Series {
  const [, name = "", list = "", value = ""] =
    /^([a-z_:][a-z0-9_:]*)\{((?:[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(
      line,
    ) ?? assert.fail(`not a series: ${line}`);
  const labels = [...list.matchAll(/([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)"/g)].map(([, label = "", text = ""]) => [
    label,
    text.replaceAll(/\\(.)/g, (_, mark: string) => (mark === "n" ? "\n" : mark)),
  ]);
  return { name, labels: Object.fromEntries(labels) as Record<string, string>, value: Number(value) };
}

function valuesOf(name: string, status: readonly PluginStatus[] = [notifier, silent]): readonly Series[] {
  return parseMetrics(formatPluginMetrics(status)).series.filter((one) => one.name === `fairlead_plugin_${name}`);
}

test("every metric of every plugin is well-formed and carries the entry's labels", () => {
  const { types, series } = parseMetrics(formatPluginMetrics([notifier, silent]));
  assert.deepEqual(new Set(types.keys()), new Set(METRICS.map(({ name }) => `fairlead_plugin_${name}`)));
  for (const { labels } of series) {
    const expected = labels["index"] === "0" ? notifier : silent;
    assert.deepEqual([labels["name"], labels["type"]], [expected.name, expected.kind]);
  }
  for (const [name, type] of types) assert.equal(type === "counter", name.endsWith("_total"), name);
});

test("the state is 1 for one state and 0 for the others", () => {
  const states = valuesOf("state", [silent]);
  assert.equal(states.length, 6);
  assert.deepEqual(
    states.filter(({ value }) => value === 1).map(({ labels }) => labels["state"]),
    ["backing-off"],
  );
});

test("durations and times are in seconds", () => {
  assert.deepEqual(
    ["call_p50_seconds", "call_p99_seconds", "start_time_seconds", "queue_oldest_seconds"].map(
      (name) => valuesOf(name, [notifier])[0]?.value,
    ),
    [0.0015, 0.02, 1_700_000_000, 1.25],
  );
});

test("what is not known is left out, and events are told for notifiers only", () => {
  for (const name of ["call_p50_seconds", "start_time_seconds", "last_error_time_seconds", "queue_events"]) {
    assert.deepEqual(
      valuesOf(name).map(({ labels }) => labels["index"]),
      ["0"],
      name,
    );
  }
});

test("dropped events are counted by their reason", () => {
  assert.deepEqual(
    valuesOf("events_dropped_total").map(({ labels, value }) => [labels["reason"], value]),
    [
      ["too-old", 3],
      ["queue-full", 1],
    ],
  );
});

test("the journal says whether it works, how large it is and what it has not written", () => {
  const text = formatJournalMetrics({
    state: "failing",
    failingSinceMs: 1,
    lastError: "disk full",
    usedBytes: 4096,
    unwritten: 2,
    unwrittenBytes: 900,
  });
  assert.deepEqual(text.match(/^[^#].*$/gm), [
    "fairlead_journal_working 0",
    "fairlead_journal_used_bytes 4096",
    "fairlead_journal_unwritten_events 2",
    "fairlead_journal_unwritten_bytes 900",
  ]);
  assert.equal(formatJournalMetrics(undefined), "");
});

test("without plugins there is nothing", () => {
  assert.equal(formatPluginMetrics([]), "");
});

test("the reference has every metric, and no other", () => {
  const page = readFileSync(`${import.meta.dirname}/../../../docs/reference/plugins-config.md`, "utf8");
  const documented = [...page.matchAll(/^\| `fairlead_plugin_(\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(new Set(documented), new Set(METRICS.map(({ name }) => name)));
  assert.equal(documented.length, METRICS.length);
});

import type { JournalStatus } from "./journal/event-journal.ts";
import type { PluginState, PluginStatus } from "./plugin-status.ts";

const STATES: readonly PluginState[] = ["starting", "running", "backing-off", "failed", "stopping", "stopped"];

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface Metric {
  /** Without the prefix `fairlead_plugin_`. */
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  /** Nothing for a plugin it says nothing about. */
  readonly samples: (status: PluginStatus) => readonly Sample[];
}

/**
 * The status of the plugins in Prometheus' text format, each metric with the labels `index`, `name` and `type` of the
 * entry. Described in docs/reference/plugins-config.md.
 */
export function formatPluginMetrics(status: readonly PluginStatus[]): string {
  return METRICS.map((metric) => formatMetric(metric, status)).join("");
}

/** Every metric there is. */
export const METRICS: readonly Metric[] = [
  {
    name: "info",
    type: "gauge",
    help: "Always 1; the label version is what the plugin says its version is.",
    samples: ({ version }) => [[{ version: version ?? "" }, 1]],
  },
  {
    name: "state",
    type: "gauge",
    help: "1 for the state the plugin is in, 0 for the others.",
    samples: ({ state }) => STATES.map((one) => [{ state: one }, Number(one === state)] as const),
  },
  gauge("state_since_seconds", "Unix time at which the plugin entered its state.", (one) =>
    toSeconds(one.stateSinceMs),
  ),
  gauge("responsive", "1 while the plugin runs and answers health checks.", (one) => Number(one.responsive)),
  gauge("has_gate", "1 when the plugin is asked before file operations.", (one) => Number(one.hasGate)),
  gauge("start_time_seconds", "Unix time at which the running process started.", (one) => toSeconds(one.startedAtMs)),
  counter("restarts_total", "Starts after the first one.", (one) => one.restarts),
  counter("calls_total", "Calls of the plugin that have ended.", (one) => one.calls),
  counter("call_failures_total", "Calls that ended with an error; refusals are among them.", (one) => one.failures),
  gauge("call_p50_seconds", "Half of the last 1024 calls took no longer.", (one) => toSeconds(one.p50Ms)),
  gauge("call_p99_seconds", "99 in 100 of the last 1024 calls took no longer.", (one) => toSeconds(one.p99Ms)),
  gauge("last_error_time_seconds", "Unix time of the last failure.", (one) => toSeconds(one.lastErrorAtMs)),
  gauge(
    "queue_events",
    "Events that wait for a notifier.",
    ofNotifiers((one) => one.queueLength),
  ),
  gauge(
    "queue_bytes",
    "Memory that is counted for them.",
    ofNotifiers((one) => one.queueBytes),
  ),
  gauge(
    "queue_oldest_seconds",
    "How long the oldest of them waits.",
    ofNotifiers((one) => toSeconds(one.oldestEventAgeMs ?? 0)),
  ),
  counter(
    "events_delivered_total",
    "Events that a notifier took.",
    ofNotifiers((one) => one.delivered),
  ),
  counter(
    "events_failed_total",
    "Tries to deliver an event that failed.",
    ofNotifiers((one) => one.failed),
  ),
  {
    name: "events_dropped_total",
    type: "counter",
    help: "Events that were given up, by reason.",
    samples: ({ kind, drops }) =>
      kind === "notifier" ? Object.entries(drops).map(([reason, count]) => [{ reason }, count] as const) : [],
  },
];

/** The journal of events in Prometheus' text format; nothing when there is none. */
export function formatJournalMetrics(journal: JournalStatus | undefined): string {
  if (journal === undefined) return "";
  return [
    [
      "working",
      "1 while the journal can be written, 0 while its events wait in memory.",
      Number(journal.state === "working"),
    ],
    ["used_bytes", "How large the journal is.", journal.usedBytes],
    ["unwritten_events", "Events that are not written yet.", journal.unwritten],
    ["unwritten_bytes", "Memory that is counted for them.", journal.unwrittenBytes],
  ]
    .map(([name, help, value]) => {
      const full = `fairlead_journal_${name}`;
      return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${full} ${value}\n`;
    })
    .join("");
}

type Reader = (status: PluginStatus) => number | undefined;

function gauge(name: string, help: string, read: Reader): Metric {
  return { name, type: "gauge", help, samples: toSamples(read) };
}

function counter(name: string, help: string, read: Reader): Metric {
  return { name, type: "counter", help, samples: toSamples(read) };
}

function toSamples(read: Reader): Metric["samples"] {
  return (status) => {
    const value = read(status);
    return value === undefined ? [] : [[{}, value]];
  };
}

function ofNotifiers(read: Reader): Reader {
  return (status) => (status.kind === "notifier" ? read(status) : undefined);
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function formatMetric({ name, type, help, samples }: Metric, status: readonly PluginStatus[]): string {
  const full = `fairlead_plugin_${name}`;
  const lines = status.flatMap((one) =>
    samples(one).map(([labels, value]) => `${full}${formatLabels({ ...labelsOf(one), ...labels })} ${value}\n`),
  );
  return lines.length === 0 ? "" : [`# HELP ${full} ${help}\n`, `# TYPE ${full} ${type}\n`, ...lines].join("");
}

function labelsOf({ index, name, kind }: PluginStatus): Labels {
  return { index: String(index), name, type: kind };
}

function formatLabels(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { HostedPlugin } from "../hosting/hosted-plugin.ts";
import type { EntrySeat, PluginEntry } from "../hosting/plugin-entry.ts";
import type { StartedProcess } from "../hosting/process-pool.ts";
import type { PlannedStart, ReloadPlan } from "./plan-reload.ts";
import type { ReloadedPlugin, ReloadOutcome, ReloadReport } from "./reload-report.ts";

/** What became of a planned start. */
export type StartOutcome = { readonly planned: PlannedStart } & (
  | { readonly started: readonly StartedProcess[] }
  | { readonly error: string }
);

export interface SwitchOverOptions {
  readonly plan: ReloadPlan;
  readonly outcomes: readonly StartOutcome[];
  /** The new configuration. */
  readonly seats: readonly EntrySeat[];
  /** The processes before. */
  readonly hosts: ReadonlySet<HostedPlugin>;
  readonly createEntry: (seat: EntrySeat) => PluginEntry;
}

export interface SwitchedOver {
  /** In the order of the new configuration. */
  readonly entries: readonly PluginEntry[];
  readonly report: ReloadReport;
}

/** What one seat comes to. */
interface Taken {
  readonly entry?: PluginEntry;
  readonly host?: HostedPlugin | undefined;
  readonly outcome: ReloadOutcome;
  readonly error?: string | undefined;
}

/**
 * Makes the entries those of the new configuration, all in one turn: no call sees a mixture. A process that lost its
 * entries serves none afterwards but those that were removed, which still have events to deliver.
 */
export function switchOver({ plan, outcomes, seats, hosts, createEntry }: SwitchOverOptions): SwitchedOver {
  const entries: PluginEntry[] = [];
  const plugins: ReloadedPlugin[] = [];
  const served = new Map<HostedPlugin, PluginEntry[]>([...hosts].map((host) => [host, []]));
  for (const seat of seats) {
    const { entry, host, outcome, error } = takeSeat(seat, plan, outcomes, createEntry);
    plugins.push({ ...whereIs(seat), outcome, ...(error !== undefined && { error }) });
    if (entry === undefined) continue;
    entries.push(entry);
    if (host !== undefined) served.set(host, [...(served.get(host) ?? []), entry]);
  }
  for (const entry of plan.removed) {
    plugins.push({ ...whereIs(entry), outcome: "removed" });
    if (entry.host !== undefined) served.get(entry.host)?.push(entry);
  }
  for (const [host, some] of served) host.serve(some);
  return { entries, report: { ok: plugins.every(({ error }) => error === undefined), plugins } };
}

function takeSeat(
  seat: EntrySeat,
  plan: ReloadPlan,
  outcomes: readonly StartOutcome[],
  createEntry: (seat: EntrySeat) => PluginEntry,
): Taken {
  const kept = plan.kept.get(seat);
  if (kept !== undefined) {
    const outcome = isDeepStrictEqual(kept.config, seat.config) ? "unchanged" : "updated";
    kept.configure(seat);
    return { entry: kept, host: kept.host, outcome };
  }
  const start = outcomes.find(({ planned }) => planned.seats.includes(seat))!;
  const before = start.planned.before.get(seat);
  if ("error" in start) {
    // It goes on as it was, in its new place.
    before?.configure({ index: seat.index, config: before.config });
    const stays = before === undefined ? {} : { entry: before, host: before.host };
    return { ...stays, outcome: "failed", error: start.error };
  }
  const host = start.started.find((one) => one.seats.includes(seat))!.host;
  const entry = before ?? createEntry(seat);
  entry.configure(seat);
  const error = host.state.status === "running" ? undefined : host.lastError?.message;
  return { entry, host, outcome: before === undefined ? "added" : "replaced", error };
}

function whereIs({ index, config }: Pick<EntrySeat, "index" | "config">): Omit<ReloadedPlugin, "outcome"> {
  return { index, name: basename(config.cmd), kind: config.type };
}

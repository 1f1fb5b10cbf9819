import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Behaviours } from "../probe/behaviour.ts";
import { type CommandOptions, type Outcome, runRecorded } from "./clients.ts";
import { compareRpcs, type Difference, nameOf, type NormalRpc, textOf } from "./compare.ts";
import { deliberateIndex, expectedMissing } from "./deliberate.ts";
import { Normaliser } from "./normaliser.ts";
import { type ProbeLine, rpcsInOrder } from "./probe-log.ts";
import { compareStored } from "./stored-users.ts";
import { allRecordings, type Recording } from "./recording.ts";
import { formatDifference, writeSituationReport } from "./report.ts";
import { type FileTree, type Stage, writeTree } from "./stage.ts";

/** What a recording does not say about its situation. */
export interface Situation extends CommandOptions {
  readonly id: string;
  /** Files before it: user → exactly these. Users that are not named keep theirs. */
  readonly homes?: Readonly<Record<string, FileTree>>;
  /** More files in the clients' folder. */
  readonly work?: FileTree;
  readonly behaviours?: Behaviours;
  /** Of several clients at once: what they do is compared in no order. */
  readonly anyOrder?: boolean;
  /** How long nothing may be heard before what has not come counts as missing. Default 8,000. */
  readonly patienceMs?: number;
  /** More to be done before. */
  readonly before?: (stage: Stage) => Promise<void>;
  /** In place of the recorded commands, one outcome for each of them. */
  readonly act?: (stage: Stage, recording: Recording) => Promise<readonly Outcome[]>;
  /** Its calls of the REST API, and what they told the notifier, are left out: only the rest is replayed. */
  readonly withoutRest?: boolean;
  /** Output that says something else on every machine. */
  readonly ignore?: readonly ("out" | "err")[];
  /** The output begins with the headers of HTTP: their order, and those of every answer of a server, are left out. */
  readonly sortHeaders?: boolean;
  /** What is to be looked at besides, and what was noted of it in the recording. */
  readonly observe?: (stage: Stage) => Promise<readonly Difference[]>;
}

export type SituationDetails = Omit<Situation, "id">;

export function recordingOf(id: string): Recording {
  const recording = allRecordings().get(id);
  if (recording === undefined) throw new Error(`no recording of ${id}`);
  return recording;
}

function withoutRest(recording: Recording): Recording {
  return {
    ...recording,
    commands: recording.commands.filter(({ run }) => !run.startsWith("curl -X ")),
    rpcs: recording.rpcs.filter(({ method }) => !method.endsWith("/SendProviderEvent")),
  };
}

/** Replays a situation and throws when something is not as recorded, and not meant to be so. */
export async function replay(stage: Stage, situation: Situation): Promise<void> {
  const recording = situation.withoutRest === true ? withoutRest(recordingOf(situation.id)) : recordingOf(situation.id);
  await prepare(stage, situation, recording);
  const earlier = stage.probes.lines();
  const outcomes = await act(stage, situation, recording);
  const lines = await settled(stage, earlier.length, recording, situation.patienceMs ?? PATIENCE_MS);
  const normaliser = new Normaliser(stage.words);
  const differences = [
    ...compareOutcomes(outcomes, recording, normaliser, situation),
    ...(situation.anyOrder === true
      ? compareRpcs(byName(noted(lines, earlier, normaliser)), byName(recorded(recording)))
      : compareRpcs(noted(lines, earlier, normaliser), recorded(recording))),
    ...(await compareStored(stage, recording, normaliser)),
    ...((await situation.observe?.(stage)) ?? []),
  ];
  judge(recording, differences);
}

/** Writes the report and fails on what no entry explains. */
export function judge(recording: Recording, differences: readonly Difference[]): void {
  const { id, title } = recording;
  const explained = differences.map((difference) => ({ ...difference, entry: deliberateIndex(id, difference) }));
  const unexplained = explained.filter(({ entry }) => entry === undefined);
  writeSituationReport({
    id,
    title,
    unexplained,
    deliberate: explained.flatMap(({ entry, ...rest }) => (entry === undefined ? [] : [{ ...rest, entry }])),
  });
  assert.equal(unexplained.length, 0, `not as recorded:\n${unexplained.map(formatDifference).join("\n")}\n`);
}

async function prepare(stage: Stage, situation: Situation, recording: Recording): Promise<void> {
  await stage.behave(situation.behaviours ?? {});
  for (const [user, tree] of Object.entries(situation.homes ?? {})) await stage.setHome(user, tree);
  await writeTree(stage.sandbox.path("work"), situation.work ?? {});
  for (const user of new Set(recording.rpcs.map(({ req }) => textOf(req, "username")))) {
    const requests = recording.rpcs.map(({ req }) => req).filter((req) => textOf(req, "username") === user);
    const isFirst = (action: string): boolean => requests.some((req) => req["action"] === action);
    const documents = requests.flatMap((req) => JSON.stringify((req["user"] as object | undefined) ?? ""));
    const [document] = documents.filter((text) => text.includes("_json"));
    stage.setHistory(user, {
      upload: document?.includes('"first_upload"') ?? !isFirst("first-upload"),
      download: document?.includes('"first_download"') ?? !isFirst("first-download"),
      login: document?.includes('"last_login"'),
    });
  }
  await situation.before?.(stage);
}

async function act(stage: Stage, situation: Situation, recording: Recording): Promise<readonly Outcome[]> {
  if (situation.act !== undefined) return await situation.act(stage, recording);
  const outcomes: Outcome[] = [];
  for (const command of recording.commands) outcomes.push(await runRecorded(stage, command, situation));
  return outcomes;
}

/** How long nothing may be heard before what was recorded and has not come counts as missing. */
const PATIENCE_MS = 8_000;
/** How long is waited for what was not recorded. */
const QUIET_MS = 60;

/** Waits for as many RPCs as were recorded, then a moment for one too many; a later one is found in the next situation. */
async function settled(
  stage: Stage,
  from: number,
  recording: Recording,
  patienceMs: number,
): Promise<readonly ProbeLine[]> {
  const expected = recording.rpcs.length - expectedMissing(recording.id, recorded(recording).map(nameOf));
  let seen = -1;
  let heardAt = performance.now();
  for (;;) {
    const lines = stage.probes.lines().slice(from);
    if (lines.length !== seen) [seen, heardAt] = [lines.length, performance.now()];
    const silence = performance.now() - heardAt;
    const count = lines.filter(({ what }) => what === "rpc").length;
    if (silence > (count >= expected ? QUIET_MS : patienceMs)) return lines;
    await sleep(15);
  }
}

export function compareOutcomes(
  outcomes: readonly Outcome[],
  recording: Recording,
  normaliser: Normaliser,
  { ignore = [], sortHeaders = false }: Pick<Situation, "ignore" | "sortHeaders"> = {},
): Difference[] {
  const differences: Difference[] = [];
  for (const [index, command] of recording.commands.entries()) {
    const outcome = outcomes[index];
    const name = recording.commands.length === 1 ? "client" : `client ${index + 1}`;
    if (outcome?.rc !== command.rc) differences.push({ at: `${name}: rc`, ours: outcome?.rc, theirs: command.rc });
    for (const stream of ["out", "err"] as const) {
      if (ignore.includes(stream)) continue;
      const [ours, theirs] = [outcome, command].map((one) => {
        const text = normaliser.text(one?.[stream] ?? "");
        return sortHeaders ? withSortedHeaders(text) : text;
      });
      if (ours !== theirs) differences.push({ at: `${name}: ${stream}`, ours, theirs });
    }
  }
  return differences;
}

function byName(rpcs: readonly NormalRpc[]): NormalRpc[] {
  return rpcs.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

function withSortedHeaders(text: string): string {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return text;
  const [status, ...headers] = text.slice(0, end).split("\r\n");
  const own = /^(?:server|date|connection|keep-alive|content-length|transfer-encoding|x-[\w-]+|vary|cache-control):/i;
  const rest = headers
    .filter((header) => !own.test(header))
    .map((header) => header.replace(/^[^:]+/, (name) => name.toLowerCase()))
    .map((header) => header.replace(/logs-[^.]+\.csv/, "logs-$TIME.csv"));
  return [status, ...rest.sort(), text.slice(end)].join("\n");
}

export function noted(lines: readonly ProbeLine[], earlier: readonly ProbeLine[], normaliser: Normaliser): NormalRpc[] {
  const names = processNames(earlier, lines);
  return rpcsInOrder(lines).map((line) => ({
    probe: names.get(line.pid) ?? "unknown",
    method: line.method ?? "",
    req: normaliser.request(line.req ?? {}),
    deadlineS: line.deadlineMs === undefined ? undefined : Math.round(line.deadlineMs / 1000),
  }));
}

/** `auth#1`: the processes of a kind that are heard of in the situation, by their executable's name, then by their start. */
export function processNames(earlier: readonly ProbeLine[], lines: readonly ProbeLine[]): ReadonlyMap<number, string> {
  const heard = new Set(lines.map(({ pid }) => pid));
  const counts = new Map<string, number>();
  const names = new Map<number, string>();
  const starts = [...earlier, ...lines].filter(({ what, pid }) => what === "start" && heard.has(pid));
  // Fairlead starts them at the same time, in no order.
  for (const { kind, pid } of starts.toSorted((a, b) => (a.probe < b.probe ? -1 : a.probe > b.probe ? 1 : 0))) {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    names.set(pid, `${kind}#${count}`);
  }
  return names;
}

export function recorded(recording: Recording): NormalRpc[] {
  const normaliser = new Normaliser(new Map());
  return recording.rpcs.map(({ probe, method, req, deadline_s: deadlineS }) => ({
    probe,
    method,
    req: normaliser.request(req),
    deadlineS,
  }));
}

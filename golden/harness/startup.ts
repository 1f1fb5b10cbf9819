import { describe, test } from "node:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isAlive } from "../../e2e/harness/processes.ts";
import { serveToItsEnd } from "../../e2e/harness/server.ts";
import type { Section } from "../../e2e/harness/server-config.ts";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { bundleProbe } from "./bundle-probe.ts";
import type { Outcome } from "./clients.ts";
import { compareRpcs, type Difference } from "./compare.ts";
import { skipGolden } from "./golden-group.ts";
import { Normaliser } from "./normaliser.ts";
import type { ProbeLine } from "./probe-log.ts";
import type { Recording, RecordedProcessNote } from "./recording.ts";
import { compareOutcomes, judge, noted, processNames, recorded, recordingOf } from "./situation.ts";
import { notifierEntry, Stage, type StageOptions } from "./stage.ts";

/** A start of the server, and what becomes of it and of its plugins. */
export interface Startup extends StageOptions {
  /** Shell scripts of the folder `$SCRIPTS`, for entries with `cmd: "$SCRIPTS/name"`. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** What was recorded of the reason that ours must say too: the words are our own, the facts are not. */
  readonly says?: readonly RegExp[];
  /** What happens between start and stop. Default: nothing. Gives the outcomes of the recorded commands. */
  readonly meanwhile?: (stage: Stage) => Promise<readonly Outcome[]>;
  /** What is not as noted, looked at after the end. */
  readonly observe?: (stage: Stage) => Promise<readonly Difference[]>;
  /** Before the start. */
  readonly before?: (stage: Stage) => Promise<void>;
}

/** Situations with a server of their own each, some at once. */
export function startupGroup(name: string, situations: Readonly<Record<string, () => Startup>>): void {
  void describe(name, { skip: skipGolden(), concurrency: 3 }, () => {
    for (const [id, make] of Object.entries(situations)) {
      const recording = recordingOf(id);
      void test(`${id}: ${recording.title}`, async (t) => {
        const startup = make();
        const stage = await Stage.prepare(t, { notifier: false, ...startup });
        for (const [script, text] of Object.entries(startup.scripts ?? {})) {
          await stage.sandbox.writeExecutable(join("scripts", script), `#!/bin/sh\n${text}\n`);
        }
        await startup.before?.(stage);
        const isRefused = recording.commands.some(({ run }) => run === "sftpgo serve" || run === "state");
        const differences = isRefused
          ? await replayRefusal(stage, startup)
          : await replayRun(stage, startup, recording);
        const normaliser = new Normaliser(stage.words);
        differences.push(
          ...compareProcesses(stage.probes.lines(), recording.process, normaliser),
          ...((await startup.observe?.(stage)) ?? []),
        );
        judge(recording, differences);
      });
    }
  });
}

async function replayRefusal(stage: Stage, startup: Startup): Promise<Difference[]> {
  const { code, stdout, stderr } = await serveToItsEnd(stage.sandbox, stage.config.file, startup.env);
  const differences: Difference[] = code === 1 ? [] : [{ at: "server: rc", ours: code, theirs: 1 }];
  const said = `${stdout}${stderr}`;
  for (const words of startup.says ?? []) {
    if (!words.test(said)) differences.push({ at: `server: says ${String(words)}`, ours: said, theirs: String(words) });
  }
  return differences;
}

async function replayRun(stage: Stage, startup: Startup, recording: Recording): Promise<Difference[]> {
  try {
    await stage.start();
  } catch (error) {
    return [{ at: "server", ours: `refused: ${(error as Error).message}`, theirs: "up" }];
  }
  const normaliser = new Normaliser(stage.words);
  const outcomes = (await startup.meanwhile?.(stage)) ?? [];
  const exit = stage.isStopped ? undefined : await stage.server.stop();
  const lines = stage.probes.lines();
  return [
    ...compareOutcomes(outcomes, recording, normaliser),
    ...compareRpcs(noted(lines, [], normaliser), recorded(recording)),
    ...(exit === undefined || exit.code === 0 ? [] : [{ at: "server: rc", ours: exit.code ?? exit.signal, theirs: 0 }]),
  ];
}

function key(probe: string, kind: string): string {
  return `${kind} of ${probe}`;
}

function entry(variable: string): [string, string] {
  const at = variable.indexOf("=");
  return [variable.slice(0, at), variable.slice(at + 1)];
}

/** Starts with their environment, arguments and folder; and who was told to end. */
export function compareProcesses(
  lines: readonly ProbeLine[],
  theirs: readonly RecordedProcessNote[],
  normaliser: Normaliser,
): Difference[] {
  const names = processNames([], lines);
  const ours = lines
    .filter(({ what }) => what === "start" || what === "serve_return")
    .map((line) => ({ ...line, probe: names.get(line.pid) ?? "unknown" }));
  const differences: Difference[] = [];
  const theirNotes = new Map(
    theirs.filter(({ kind }) => kind !== "rpc_end").map((one) => [key(one.probe, one.kind), one]),
  );
  const ourNotes = new Map(ours.map((one) => [key(one.probe, one.what), one]));
  for (const name of new Set([...theirNotes.keys(), ...ourNotes.keys()])) {
    const [mine, other] = [ourNotes.get(name), theirNotes.get(name)];
    if (mine === undefined) differences.push({ at: `missing: ${name}`, ours: undefined, theirs: other });
    else if (other === undefined) differences.push({ at: `too many: ${name}`, ours: mine.probe, theirs: undefined });
    else if (mine.what === "start") differences.push(...compareStarts(name, mine, other, normaliser));
  }
  return differences;
}

function compareStarts(
  name: string,
  mine: ProbeLine,
  other: RecordedProcessNote,
  normaliser: Normaliser,
): Difference[] {
  const ours = {
    argv: (mine.argv ?? []).map((word) => normaliser.text(word)),
    cwd: normaliser.text(mine.cwd ?? ""),
  };
  const theirs = { argv: other.argv?.map((word) => word.replace("$BIN/", "$RUN_DIR/bin/")), cwd: other.cwd };
  return [
    ...compareVariables(name, mine.env ?? [], other.env ?? [], normaliser),
    ...(["argv", "cwd"] as const).flatMap((field) =>
      isDeepStrictEqual(ours[field], theirs[field])
        ? []
        : [{ at: `${name}: ${field}`, ours: ours[field], theirs: theirs[field] }],
    ),
  ];
}

function compareVariables(
  name: string,
  mine: readonly string[],
  other: readonly string[],
  normaliser: Normaliser,
): Difference[] {
  // Variables of the test's own machinery are none of the server's.
  const ours = new Map(mine.map(entry).filter(([key]) => key !== "TMPDIR" && key !== "LANG"));
  const theirs = new Map(other.map(entry));
  return [...new Set([...theirs.keys(), ...ours.keys()])].flatMap((key) => {
    const value = ours.get(key);
    const normal = key === "PATH" ? "$PATH" : value === undefined ? undefined : normaliser.text(value);
    return normal === theirs.get(key) ? [] : [{ at: `${name}: env ${key}`, ours: normal, theirs: theirs.get(key) }];
  });
}

/** An entry for a script of {@link Startup.scripts}. */
export function scriptEntry(stage: string, more: Section = {}): Section {
  return notifierEntry({ cmd: `$SCRIPTS/${stage}`, ...more });
}

/** Of the probe's executable, hexadecimal. */
export async function probeChecksum(): Promise<string> {
  return createHash("sha256")
    .update(await bundleProbe())
    .digest("hex");
}

/** Waits until the last process of a kind, another one than `not`, is at work, and gives its id. */
export async function untilStarted(stage: Stage, kind: string, not?: number): Promise<number> {
  return await waitFor(`the start of a ${kind}`, () => {
    const pid = stage.probes.pidsOf(kind).at(-1);
    const isReady = stage.server.log.records.some(
      (record) => record["pid"] === pid && record["msg"] === "plugin started",
    );
    return pid !== undefined && pid !== not && isAlive(pid) && isReady && pid;
  });
}

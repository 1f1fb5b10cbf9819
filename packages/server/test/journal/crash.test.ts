/**
 * `kill -9` of a real server, and of its plugin, at any moment: with a journal no event is lost that a client's completed
 * operation produced.
 *
 *     FAIRLEAD_CRASH_SEEDS=40 FAIRLEAD_CRASH_FIRST_SEED=1 FAIRLEAD_CRASH_UPLOADS=2000
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { OpenSsh } from "../../../../e2e/harness/openssh.ts";
import { writeRecordEvents } from "../../../../e2e/harness/plugin-executable.ts";
import { RecordedEvents } from "../../../../e2e/harness/recorded-events.ts";
import { Sandbox, suiteOwner } from "../../../../e2e/harness/sandbox.ts";
import { notifierEntry, writeConfig } from "../../../../e2e/harness/server-config.ts";
import { skipWithout } from "../../../../e2e/harness/tools.ts";
import { addUser, type TestUser } from "../../../../e2e/harness/users.ts";
import { createCrashPlan } from "./crash-plan.ts";
import { CrashRun } from "./crash-run.ts";
import { assertToldInOrder } from "./told-in-order.ts";

const seeds = Number(process.env["FAIRLEAD_CRASH_SEEDS"] ?? 20);
const firstSeed = Number(process.env["FAIRLEAD_CRASH_FIRST_SEED"] ?? 1);
const uploads = Number(process.env["FAIRLEAD_CRASH_UPLOADS"] ?? 2_000);

const maxUsers = 8;

describe("a server with a journal that is killed", { skip: skipWithout("ssh-keygen") }, () => {
  const owner = suiteOwner();
  let sandbox: Sandbox;
  let cmd: string;
  let users: readonly TestUser[];

  before(async () => {
    sandbox = await Sandbox.open(owner);
    const openSsh = new OpenSsh(sandbox);
    cmd = await writeRecordEvents(sandbox);
    const config = await writeConfig(sandbox);
    users = await Promise.all(
      Array.from({ length: maxUsers }, (_, index) => addUser(sandbox, openSsh, config, `user${index}`)),
    );
  });

  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    test(`loses nothing, keeps the order and tells twice only under one id: seed ${seed}`, async () => {
      const plan = createCrashPlan(seed, uploads);
      const events = new RecordedEvents(sandbox.path(`events-${seed}.jsonl`));
      const config = await writeConfig(sandbox, {
        plugins: [notifierEntry(cmd, { fairlead: { delivery: "journal" } })],
        sections: { fairlead: { journal: { file: `journal-${seed}.db` } }, common: { max_per_host_connections: 0 } },
      });
      const env = { RECORD_EVENTS_FILE: events.file, RECORD_EVENTS_DELAY_MS: String(plan.pluginDelayMs) };
      const run = new CrashRun({ sandbox, config, users, env, events }, plan);
      await run.run();
      assertToldInOrder(events.lines(), run.asked);
      const done = [...run.asked.values()].flat().filter(({ isDone }) => isDone);
      assert.ok(done.length > uploads / 2, `only ${done.length} operations were done`);
    });
  }
});

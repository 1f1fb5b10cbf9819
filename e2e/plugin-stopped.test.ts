/** A plugin that does not die but no longer moves: kill -STOP. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, test } from "node:test";
import { isAlive } from "./harness/processes.ts";
import { openStory } from "./harness/story.ts";
import { skipWithout } from "./harness/tools.ts";
import { assertUploadsTold, startUploads } from "./harness/uploads.ts";
import { waitFor } from "./harness/wait-for.ts";

const mebibyte = 2 ** 20;

describe("kill -STOP of a plugin", { skip: skipWithout("sftp", "ssh-keygen"), concurrency: 3 }, () => {
  test("lets uploads go on, is logged, and loses nothing once the plugin moves again", async (t) => {
    const story = await openStory(t, { users: ["ann", "ben"], plugin: { notifier_options: { retry_max_time: 600 } } });
    const { events, server, users } = story;
    await waitFor("the plugin", () => events.pids().length === 1);
    const stopped = events.lastPid();
    process.kill(stopped, "SIGSTOP");
    const before = server.residentBytes();

    const batches = [await startUploads(story, "ann", 250), await startUploads(story, "ben", 250)];
    await Promise.all(batches.map(async (batch) => await batch.done));
    assert.equal((await readdir(users.ann.home)).length, 250);
    assert.equal(events.fsEvents().length, 0, "a stopped plugin heard something");
    // 1,500 waiting events are well under a megabyte; what is bounded here is a leak by accident.
    assert.ok(server.residentBytes() - before < 150 * mebibyte, "memory grew with every waiting event");

    await server.log.waitForRecord(
      "a warning about the plugin that does not answer",
      (record) => isWarning(record["level"]) && JSON.stringify(record).includes("record-events"),
      { timeoutMs: 60_000 },
    );
    // It is moved again; if the supervisor has replaced it by then, the new process is told everything.
    if (isAlive(stopped)) process.kill(stopped, "SIGCONT");
    for (const [index, name] of (["ann", "ben"] as const).entries()) {
      const { paths } = batches[index]!;
      await waitFor(
        `the last upload of ${name}`,
        () => events.fsEventsOf(name).some((event) => event.action === "upload" && event.virtualPath === paths.at(-1)),
        { timeoutMs: 60_000 },
      );
      assertUploadsTold(events.fsEventsOf(name), paths);
    }
  });

  test("does not keep the server from stopping, and the plugin is gone afterwards", async (t) => {
    const { events, server, sandbox } = await openStory(t, { users: [] });
    await waitFor("the plugin", () => events.pids().length === 1);
    process.kill(events.lastPid(), "SIGSTOP");
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    assert.ok(!isAlive(events.lastPid()));
    await sandbox.assertNothingLeft();
  });
});

/** Pino's numbers, or names. */
function isWarning(level: unknown): boolean {
  return level === "warn" || level === "error" || (typeof level === "number" && level >= 40);
}

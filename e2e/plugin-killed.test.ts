/** A plugin that dies while files come in. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, test } from "node:test";
import { isAlive } from "./harness/processes.ts";
import { openStory } from "./harness/story.ts";
import { skipWithout } from "./harness/tools.ts";
import { assertUploadsTold, startUploads } from "./harness/uploads.ts";
import { waitFor } from "./harness/wait-for.ts";

const skip = skipWithout("sftp", "ssh-keygen");
const names = ["ann", "ben", "cleo", "dan"] as const;
/** Twice the 500 uploads of all users that the story is about: the first kill must come before they are over. */
const perUser = 250;

describe("kill -9 of a plugin during 500 uploads", { skip, concurrency: 3 }, () => {
  for (const autoMtls of [false, true]) {
    const way = autoMtls ? "AutoMTLS" : "plaintext";
    test(`loses no event and keeps each user's order when retry_max_time is set (${way})`, async (t) => {
      const plugin = { auto_mtls: autoMtls, notifier_options: { retry_max_time: 600 } };
      const story = await openStory(t, { users: names, plugin });
      const { events, users, sandbox, server } = story;
      const batches = await Promise.all(names.map(async (name) => await startUploads(story, name, perUser)));

      const victims: number[] = [];
      let areUploadsOver = false;
      void Promise.allSettled(batches.map(async (batch) => await batch.done)).then(() => (areUploadsOver = true));
      for (const heardBefore of [10, 400, 700]) {
        await waitFor(`${heardBefore} events`, () => events.fsEvents().length >= heardBefore);
        if (victims.length === 0) assert.ok(!areUploadsOver, "the uploads were over before the plugin was killed");
        const victim = events.lastPid();
        process.kill(victim, "SIGKILL");
        victims.push(victim);
        await waitFor("another plugin process", () => events.lastPid() !== victim);
      }

      // The uploads know nothing of it.
      await Promise.all(batches.map(async (batch) => await batch.done));
      for (const name of names) assert.equal((await readdir(users[name].home)).length, perUser);

      for (const [index, name] of names.entries()) {
        const { paths } = batches[index]!;
        await events.waitForFsEvent("upload", paths.at(-1)!, { timeoutMs: 60_000 });
        await waitFor(`the last upload of ${name}`, () =>
          events.fsEventsOf(name).some((event) => event.action === "upload" && event.virtualPath === paths.at(-1)),
        );
        assertUploadsTold(events.fsEventsOf(name), paths);
      }
      assert.equal(victims.filter((pid) => isAlive(pid)).length, 0);
      assert.ok(server.isAlive);
      await server.stop();
      await sandbox.assertNothingLeft();
    });
  }

  test("without retry, events of the gap may be lost but the plugin comes back", async (t) => {
    const story = await openStory(t, { users: ["ann"] });
    const { events, openSsh, server, users } = story;
    const batch = await startUploads(story, "ann", 50);
    await waitFor("10 events", () => events.fsEvents().length >= 10);
    const victim = events.lastPid();
    process.kill(victim, "SIGKILL");
    await batch.done;
    // Before the server has it back, an event would be lost rightly.
    await server.log.waitForRecord(
      "the line about the new start",
      (record) => record["msg"] === "plugin started" && record["pid"] !== victim && record["restarts"] === 1,
    );
    const made = await openSsh.sftp(server, users.ann.byKey, ["mkdir after"]);
    assert.equal(made.code, 0, made.stderr);
    await events.waitForFsEvent("mkdir", "/after");
    assert.equal((await readdir(users.ann.home)).length, 51);
  });

  test("the log says that it ended, how, and that it was started again", async (t) => {
    const { events, server } = await openStory(t, { users: [] });
    await waitFor("the plugin", () => events.pids().length === 1);
    const victim = events.lastPid();
    process.kill(victim, "SIGKILL");
    await waitFor("another plugin process", () => events.pids().length === 2);
    await server.log.waitForRecord(
      "the line about the end",
      (record) => record["pid"] === victim && JSON.stringify(record).includes("SIGKILL"),
    );
    await server.log.waitForRecord("the line about the new start", (record) => record["pid"] === events.lastPid());
  });
});

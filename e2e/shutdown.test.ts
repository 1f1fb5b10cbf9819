/** The end of a server, asked for and not. */
import assert from "node:assert/strict";
import { readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isAlive } from "./harness/processes.ts";
import { TestServer } from "./harness/server.ts";
import { openStory } from "./harness/story.ts";
import { skipWithout } from "./harness/tools.ts";
import { assertUploadsTold, startUploads } from "./harness/uploads.ts";
import { waitFor } from "./harness/wait-for.ts";

describe("the end of a server", { skip: skipWithout("sftp", "ssh-keygen"), concurrency: 3 }, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} during a transfer ends sessions, then plugins, and tells the cut upload`, async (t) => {
      const { sandbox, openSsh, server, users, events } = await openStory(t, { users: ["ann"] });
      const source = await sandbox.write("endless", "");
      await truncate(source, 40 * 2 ** 30);
      const client = await openSsh.startSftp(server, users.ann.byKey);
      client.stdin.write("put endless\n");
      await waitFor("the first bytes on disk", async () => (await sizeOf(join(users.ann.home, "endless"))) > 0);

      server.kill(signal);
      assert.deepEqual(await server.exited, { code: 0, signal: null });
      await waitFor("the end of the client", () => client.exitCode !== null || client.signalCode !== null);
      const told = events.fsEvents().map((event) => `${event.action} ${event.virtualPath} status=${event.status}`);
      assert.deepEqual(told, ["pre-upload /endless status=1", "upload /endless status=2"]);
      assert.deepEqual(events.lines().at(-1)?.kind, "stop", "the plugin was stopped before it had heard everything");
      await sandbox.assertNothingLeft();
    });
  }

  test("SIGTERM loses no event that a slow plugin has not heard yet", async (t) => {
    const names = ["ann", "ben"] as const;
    const story = await openStory(t, { users: names, pluginEnv: { RECORD_EVENTS_DELAY_MS: "10" } });
    const { events, server, sandbox } = story;
    const batches = await Promise.all(names.map(async (name) => await startUploads(story, name, 100)));
    await Promise.all(batches.map(async (batch) => await batch.done));
    const heardBefore = events.fsEvents().length;

    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    for (const [index, name] of names.entries()) {
      assertUploadsTold(events.fsEventsOf(name), batches[index]!.paths);
    }
    assert.ok(heardBefore < events.fsEvents().length, "nothing was waiting, so nothing was tried");
    await sandbox.assertNothingLeft();
  });

  test("SIGTERM during many uploads loses no event of an upload that was accepted", async (t) => {
    const story = await openStory(t, { users: ["ann"] });
    const { events, server, users } = story;
    const batch = await startUploads(story, "ann", 2000);
    await waitFor("20 files", async () => (await readdir(users.ann.home)).length >= 20);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    await assert.rejects(batch.done, "the uploads were over before the signal");

    const uploads = events.fsEvents().filter((event) => event.action === "upload");
    const whole = uploads.filter((event) => event.status === 1).map((event) => event.virtualPath);
    assert.deepEqual(whole, batch.paths.slice(0, whole.length));
    // Every file that is on disk was told, the last one perhaps as cut off.
    const told = new Set(uploads.map((event) => event.virtualPath));
    const onDisk = [];
    for (const path of batch.paths) if ((await sizeOf(users.ann.home + path)) > 0) onDisk.push(path);
    assert.deepEqual(
      onDisk.filter((path) => !told.has(path)),
      [],
    );
  });

  test("kill -9 of the server leaves no plugin running, and the next start works", async (t) => {
    const { sandbox, openSsh, server, users, events } = await openStory(t, { users: ["ann"] });
    await waitFor("the plugin", () => events.pids().length === 1);
    const orphan = events.lastPid();
    server.kill("SIGKILL");
    await server.exited;
    await waitFor("the end of the plugin", () => !isAlive(orphan), { timeoutMs: 10_000 });
    await sandbox.assertNothingLeft();

    const env = { RECORD_EVENTS_FILE: events.file };
    const second = await TestServer.start(sandbox, { config: server.config, env });
    const made = await openSsh.sftp(second, users.ann.byKey, ["mkdir again"]);
    assert.equal(made.code, 0, made.stderr);
    await events.waitForFsEvent("mkdir", "/again");
  });

  test("kill -9 of the server during a transfer leaves no plugin running either", async (t) => {
    const story = await openStory(t, { users: ["ann"], plugin: { auto_mtls: true } });
    const { server, events, sandbox } = story;
    const batch = await startUploads(story, "ann", 2000);
    await waitFor("20 events", () => events.fsEvents().length >= 20);
    server.kill("SIGKILL");
    await assert.rejects(batch.done, "the uploads were over before the signal");
    await waitFor("the end of the plugin", () => !isAlive(events.lastPid()), { timeoutMs: 10_000 });
    await sandbox.assertNothingLeft();
  });
});

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    (facts) => facts.size,
    () => 0,
  );
}

/** A notifier written in Go with SFTPGo's sdk, unmodified, beside one of ours: both hear the same. */
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { before, describe, test } from "node:test";
import { buildInterop, type InteropPrograms } from "../interop/build.ts";
import { readEventLines } from "../interop/event-lines.ts";
import type { RecordedFsEvent } from "./harness/recorded-events.ts";
import type { Sandbox } from "./harness/sandbox.ts";
import { notifierEntry } from "./harness/server-config.ts";
import { type AddedPlugins, openStory } from "./harness/story.ts";
import { skipWithout } from "./harness/tools.ts";
import { waitFor } from "./harness/wait-for.ts";

describe("a notifier plugin in Go", { skip: skipWithout("go", "sftp", "ssh-keygen") }, () => {
  let programs: InteropPrograms | undefined;
  before(async () => {
    programs = await buildInterop();
  });

  for (const autoMtls of [false, true]) {
    test(`hears what one in TypeScript hears, field by field (${autoMtls ? "AutoMTLS" : "plaintext"})`, async (t) => {
      const plugin = { auto_mtls: autoMtls };
      const addPlugins = async (sandbox: Sandbox): Promise<AddedPlugins> => {
        assert.ok(programs);
        const cmd = sandbox.path("plugins", "notifier-plugin");
        await copyFile(programs.notifierPlugin, cmd);
        return { entries: [notifierEntry(cmd, plugin)], env: { NOTIFIER_PLUGIN_OUT: sandbox.path("go.jsonl") } };
      };
      const { sandbox, openSsh, server, users, events } = await openStory(t, { users: ["ann"], plugin, addPlugins });
      await sandbox.write("file", "seen by two plugins");
      const commands = ["put file a", "get a back", "rename a b", "mkdir d", "rmdir d", "rm b", "mkdir sentinel"];
      const done = await openSsh.sftp(server, users.ann.byKey, commands);
      assert.equal(done.code, 0, done.stderr);

      await events.waitForFsEvent("mkdir", "/sentinel");
      const ours = events.fsEvents().map((event) => sdkForm(event));
      const go = await waitFor("as many events in the Go plugin", async () => {
        const lines = (await readEventLines(sandbox.path("go.jsonl"))) as { readonly fs?: unknown }[];
        const told = lines.flatMap(({ fs }) => (fs === undefined ? [] : [fs]));
        return told.length >= ours.length && told;
      });
      assert.deepEqual(go, ours);

      assert.deepEqual(await server.stop(), { code: 0, signal: null });
      await sandbox.assertNothingLeft();
    });
  }
});

/** An event of the recording plugin in the names of SFTPGo's sdk. */
function sdkForm(event: RecordedFsEvent): object {
  return {
    action: event.action,
    username: event.username,
    path: event.path,
    target_path: event.targetPath,
    virtual_path: event.virtualPath,
    virtual_target_path: event.virtualTargetPath,
    ssh_cmd: event.sshCmd,
    file_size: event.fileSizeBytes,
    fs_provider: event.fsProvider,
    bucket: event.bucket,
    endpoint: event.endpoint,
    status: event.status,
    protocol: event.protocol,
    ip: event.ip,
    session_id: event.sessionId,
    timestamp: event.timestampNs,
    open_flags: event.openFlags,
    role: event.role,
    elapsed: event.elapsedMs,
    metadata: event.metadata,
  };
}

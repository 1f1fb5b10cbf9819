/** Events of a notifier that answers late or with errors, or whose server stops. */
import { runRecorded } from "../harness/clients.ts";
import { type GroupOptions, goldenGroup } from "../harness/golden-group.ts";
import type { Stage } from "../harness/stage.ts";

const options: GroupOptions = {
  users: [{ username: "full", password: "full-pw" }],
  notifier: { notifier_options: { retry_max_time: 120 } },
};

const MKDIRS = Array.from({ length: 600 }, (_, index) => `mkdir m${index}\n`).join("");

goldenGroup("delivery: errors", options, {
  "C-rpc-error-retry": {
    homes: { full: {} },
    behaviours: {
      SendFsEvent: [{ when: { action: "upload" }, times: 2, error: { code: "UNKNOWN", message: "probe says no" } }],
    },
  },
  "C-rpc-error-retry2": { homes: { full: {} } },
});

goldenGroup("delivery: a plugin that ends in a call", options, {
  "C-rpc-exit": {
    homes: { full: {} },
    behaviours: { SendFsEvent: [{ when: { action: "upload" }, times: 1, exit: 3 }] },
    patienceMs: 10_000,
  },
});

goldenGroup("delivery: a plugin that answers too late", options, {
  "C-rpc-sleep": {
    homes: { full: {} },
    behaviours: {
      SendFsEvent: ["/a1", "/a2"].map((path) => ({
        when: { action: "upload", virtual_path: path },
        times: 1,
        sleepMs: 25_000,
      })),
    },
    patienceMs: 30_000,
  },
});

goldenGroup(
  "delivery: many events of one user",
  { users: [{ username: "full" }] },
  {
    // The recording's plugin took 2.5 seconds an event, 250 at a time; in order, that would be 25 minutes.
    "N-concurrency": {
      homes: { full: {} },
      behaviours: { SendFsEvent: [{ sleepMs: 1 }] },
      patienceMs: 10_000,
      ignore: ["out"],
      act: async (stage, recording) => [await runRecorded(stage, { ...recording.commands[0]!, stdin: MKDIRS })],
    },
  },
);

goldenGroup("delivery: SIGTERM while a plugin works", options, {
  "C-sigterm-in-flight": {
    homes: { full: {} },
    behaviours: { SendFsEvent: [{ when: { action: "upload" }, sleepMs: 2_000 }] },
    act: async (stage, recording) => {
      const open = heldOpen(stage, "open.bin", 5);
      await stage.heard("pre-upload", "/open.bin");
      const outcome = await runRecorded(stage, recording.commands[0]!);
      await stage.heard("upload", "/b1");
      await stage.server.stop();
      await open;
      return [outcome];
    },
  },
});

goldenGroup(
  "delivery: a grace time",
  { ...options, env: { SFTPGO_GRACE_TIME: "8" } },
  {
    "C-grace-time": {
      homes: { full: {} },
      act: async (stage) => {
        const open = heldOpen(stage, "g.bin", 2);
        await stage.heard("pre-upload", "/g.bin");
        stage.server.kill("SIGTERM");
        await open;
        await stage.server.exited;
        return [];
      },
    },
  },
);

/** An upload that goes on for so long after its first bytes. */
async function heldOpen(stage: Stage, path: string, seconds: number): Promise<void> {
  const steps = [["write", 100], ["flush"], ["sleep", seconds], ["write", 100]];
  await runRecorded(
    stage,
    { run: "paramiko: upload", rc: 0 },
    { paramiko: { action: "file", path, mode: "w", steps } },
  );
}

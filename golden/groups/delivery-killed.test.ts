/** Events of a notifier that is killed, while it is away and after. */
import { isAlive } from "../../e2e/harness/processes.ts";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { runRecorded } from "../harness/clients.ts";
import { type GroupOptions, goldenGroup } from "../harness/golden-group.ts";
import { recordingOf, type SituationDetails } from "../harness/situation.ts";
import { untilStarted } from "../harness/startup.ts";
import type { Stage } from "../harness/stage.ts";

/** Longer than the clients take: SFTPGo looked after its plugins every 30 seconds. */
const RESTART_DELAY_S = 8;

function options(retryMaxTime: number, more: Readonly<Record<string, unknown>> = {}): GroupOptions {
  return {
    users: [{ username: "full", password: "full-pw" }],
    notifier: {
      notifier_options: { retry_max_time: retryMaxTime, ...more },
      fairlead: { restart: { initial_delay: RESTART_DELAY_S, jitter: 0 } },
    },
  };
}

async function killNotifier(stage: Stage): Promise<number> {
  const pid = stage.probes.pidsOf("notifier").at(-1)!;
  process.kill(pid, "SIGKILL");
  await waitFor("the end of the notifier", () => !isAlive(pid));
  return pid;
}

/** Clients work while the notifier is away. */
const crash = (id: string): SituationDetails => ({
  homes: { full: {} },
  withoutRest: true,
  act: async (stage) => {
    const pid = await killNotifier(stage);
    const outcomes = [];
    for (const command of recordingOf(id).commands) {
      if (!command.run.startsWith("curl")) outcomes.push(await runRecorded(stage, command));
    }
    await untilStarted(stage, "notifier", pid);
    return outcomes;
  },
});

goldenGroup("delivery: killed, retry_max_time 120", options(120), {
  "C-crash-retry": crash("C-crash-retry"),
  "C-after-retry": {},
});
goldenGroup("delivery: killed, retry_max_time 5", options(5), {
  "C-crash-expire": crash("C-crash-expire"),
  "C-after-expire": {},
});
goldenGroup("delivery: killed, a queue of three", options(120, { retry_queue_max_size: 3 }), {
  "C-crash-queue3": crash("C-crash-queue3"),
  "C-after-queue3": {},
});
goldenGroup("delivery: killed, no retry", options(0), {
  "C-after-noretry": {
    homes: { full: {} },
    before: async (stage) => {
      const pid = await killNotifier(stage);
      await untilStarted(stage, "notifier", pid);
    },
  },
});

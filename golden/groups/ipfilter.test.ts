/** Addresses that an ipfilter is asked about before a client may say anything. */
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { runRecorded } from "../harness/clients.ts";
import { goldenGroup } from "../harness/golden-group.ts";
import { recordingOf, type SituationDetails } from "../harness/situation.ts";
import type { GoldenUser, Stage } from "../harness/stage.ts";

const users: readonly GoldenUser[] = [{ username: "full", password: "full-pw" }];
const plugins = [{ type: "ipfilter", cmd: "probe-ipfilter", auto_mtls: true }];

const refuses = (code: string, message: string): SituationDetails => ({
  behaviours: { CheckIP: [{ error: { code, message } }] },
});

async function untilReloads(stage: Stage, count: number): Promise<void> {
  const before = reloads(stage);
  await waitFor(`${count} reloads`, () => reloads(stage) - before >= count);
}

function reloads(stage: Stage): number {
  return stage.probes.lines().filter(({ what, method }) => what === "rpc" && method === "/proto.IPFilter/Reload")
    .length;
}

goldenGroup(
  "ipfilter",
  { users, plugins },
  {
    "I-start": {},
    "I-ssh-allow": {},
    "I-ssh-deny": refuses("PERMISSION_DENIED", "denied by probe"),
    "I-ssh-deny-tcp": refuses("PERMISSION_DENIED", "denied by probe"),
    "I-ssh-err-4": refuses("DEADLINE_EXCEEDED", "probe error"),
    "I-ssh-slow": {
      behaviours: { CheckIP: [{ sleepMs: 1_000 }] },
      anyOrder: true,
      act: async (stage) =>
        await Promise.all(recordingOf("I-ssh-slow").commands.map(async (command) => await runRecorded(stage, command))),
    },
    "I-reload-error": {
      behaviours: { Reload: [{ error: { code: "UNKNOWN", message: "reload failed" } }] },
      act: async (stage) => {
        const done = untilReloads(stage, 1);
        stage.server.kill("SIGHUP");
        await done;
        return [];
      },
    },
    "I-reload-slow": {
      behaviours: { Reload: [{ sleepMs: 1_500 }] },
      act: async (stage) => {
        const done = untilReloads(stage, 2);
        stage.server.kill("SIGHUP");
        await untilReloads(stage, 1);
        stage.server.kill("SIGHUP");
        const outcome = await runRecorded(stage, recordingOf("I-reload-slow").commands[0]!);
        await done;
        return [outcome];
      },
    },
  },
);

goldenGroup(
  "ipfilter: calls that take longer than the server waits",
  { users, plugins },
  {
    "I-ssh-sleep": { behaviours: { CheckIP: [{ sleepMs: 25_000 }] } },
  },
);

goldenGroup(
  "ipfilter: a plugin that hangs",
  { users, plugins },
  {
    "I-stop-plugin": {
      act: async (stage) => {
        const [first, second] = recordingOf("I-stop-plugin").commands;
        const pid = stage.probes.pidsOf("ipfilter").at(-1)!;
        process.kill(pid, "SIGSTOP");
        const refused = await runRecorded(stage, first!);
        process.kill(pid, "SIGCONT");
        return [refused, await runRecorded(stage, second!)];
      },
    },
  },
);

goldenGroup(
  "ipfilter: IPv6",
  { users, plugins, env: { SFTPGO_SFTPD__BINDINGS__0__ADDRESS: "::1" } },
  { "I2-ssh-ipv6": {} },
);

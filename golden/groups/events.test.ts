/** `GET /api/v2/events/…`: what the event searcher is asked, and what becomes of its answers. */
import { isAlive } from "../../e2e/harness/processes.ts";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import type { Behaviour, Behaviours } from "../probe/behaviour.ts";
import { callRest, type Outcome, runCurl } from "../harness/clients.ts";
import { eachOf, goldenGroup } from "../harness/golden-group.ts";
import { recordingOf, type SituationDetails } from "../harness/situation.ts";
import type { Stage } from "../harness/stage.ts";

const admins = [
  { username: "admin", permissions: ["*"] },
  { username: "roleadmin", permissions: ["view_events"], role: "r1" },
  { username: "noperm", permissions: ["view_status"] },
];
const plugins = [{ type: "eventsearcher", cmd: "probe-eventsearcher", auto_mtls: true }];

/** What the recording's probe answered: it went to the client as it was. */
const answerOf = (id: string): Behaviour => ({ answer: recordingOf(id).commands[0]?.out ?? "" });

const usual: Behaviours = {
  SearchFsEvents: [answerOf("E-fs-limit-1")],
  SearchProviderEvents: [answerOf("E-provider-default")],
  SearchLogEvents: [answerOf("E-logs-limit-1")],
};

const plain: SituationDetails = { behaviours: usual };

function answering(behaviour: Behaviour): SituationDetails {
  return { behaviours: { SearchFsEvents: [behaviour] } };
}

const failing = (code: string): SituationDetails => answering({ error: { code, message: "probe error" } });

/** As the recording had it: headers and all. */
function csv(path: string, behaviours: Behaviours = usual): SituationDetails {
  return { behaviours, sortHeaders: true, act: async (stage) => [await getCsv(stage, path, ["-i"])] };
}

async function getCsv(stage: Stage, path: string, more: readonly string[]): Promise<Outcome> {
  const token = `Authorization: Bearer ${await stage.tokenOf("admin")}`;
  return await runCurl(stage, [...more, "-H", token, `http://127.0.0.1:${stage.httpPort}/api/v2/events/${path}`]);
}

const csvFs = (answer: string): SituationDetails => csv("fs?csv_export=true", { SearchFsEvents: [{ answer }] });

const BIG_ROWS = 20_000;
const row = (id: string, timestamp: string): string =>
  `{"id": "${id}", "timestamp": ${timestamp}, "action": "upload", "username": "u", "fs_path": "/home/u/f", "virtual_path": "/f", "file_size": 5, "elapsed": 7, "status": 1, "protocol": "SFTP", "ip": "127.0.0.1", "session_id": "SFTP_x_1", "fs_provider": 0, "instance_id": "inst", "role": "r"}`;
const bigAnswer = `[${Array.from({ length: BIG_ROWS }, () => row("id0", "1700000000000000000")).join(", ")}]`;

const page = (from: number, count: number): string =>
  `[${Array.from({ length: count }, (_, index) => row(`x${from + index}`, String(1_700_000_000_000_000_000n + BigInt(from + index)))).join(", ")}]`;

goldenGroup(
  "events: queries",
  { admins, plugins },
  {
    ...eachOf("E-fs-limit-*", plain),
    ...eachOf("E-fs-order-*", plain),
    ...eachOf("E-fs-ts*", plain),
    "E-fs-common": plain,
    "E-fs-emptylist": plain,
    "E-fs-repeat": plain,
    "E-fs-unknown": plain,
    "E-fs-csv": csv("fs?csv_export=true&limit=7&order=ASC"),
    "E-fs-csv-1": plain,
    ...eachOf("E-fs-provider-*", plain),
    ...eachOf("E-fs-statuses-*", plain),
    "E-provider-default": plain,
    ...eachOf("E-provider-limit-*", plain),
    ...eachOf("E-provider-order-*", plain),
    ...eachOf("E-provider-ts*", plain),
    "E-provider-common": plain,
    "E-provider-emptylist": plain,
    "E-provider-repeat": plain,
    "E-provider-unknown": plain,
    "E-provider-csv": csv("provider?csv_export=true&limit=7&order=ASC"),
    "E-provider-csv-1": plain,
    "E-provider-all": plain,
    ...eachOf("E-provider-omit-*", plain),
    ...eachOf("E-logs-limit-*", plain),
    ...eachOf("E-logs-order-*", plain),
    ...eachOf("E-logs-ts*", plain),
    "E-logs-emptylist": plain,
    "E-logs-repeat": plain,
    "E-logs-unknown": plain,
    "E-logs-csv-1": plain,
    "E-logs-all": plain,
    ...eachOf("E-logs-events-*", plain),
    "E-fs-roleadmin": { ...plain, admin: "roleadmin" },
    "E-provider-roleadmin": { ...plain, admin: "roleadmin" },
    "E-logs-roleadmin": { ...plain, admin: "roleadmin" },
    "E-fs-noperm": { ...plain, admin: "noperm" },
    "E-answer-csv-empty": csvFs(""),
    "E-answer-null": answering({ answer: "null" }),
    "E-answer-csv-null": csvFs("null"),
    "E-answer-csv-notjson": csvFs("not json"),
    "E-answer-object": answering({ answer: '{"a":1}' }),
    "E-answer-csv-object": csvFs('{"a":1}'),
    "E-answer-big": {
      ...answering({ answer: bigAnswer }),
      act: async (stage) => {
        const outcome = await callRest(stage, recordingOf("E-answer-big").commands[0]!);
        return [{ ...outcome, out: outcome.out.slice(0, recordingOf("E-answer-big").commands[0]?.out?.length) }];
      },
    },
    "E-csv-paging-DESC": {
      behaviours: {
        SearchFsEvents: [{ when: { from_id: "x99" }, answer: page(100, 3) }, { answer: page(0, 100) }],
      },
      // How long the rows were is not known.
      ignore: ["out"],
      act: async (stage) => {
        const args = ["-o", "/dev/null", "-w", "%{http_code} %{size_download}"];
        return [await getCsv(stage, "fs?csv_export=true&order=DESC", args)];
      },
    },
    "E-err-5": failing("NOT_FOUND"),
    "E-err-7": failing("PERMISSION_DENIED"),
    "E-err-12": failing("UNIMPLEMENTED"),
    "E-err-14": failing("UNAVAILABLE"),
    "E-err-csv": csv("fs?csv_export=true", failing("UNAVAILABLE").behaviours),
    "E-crash": {
      ...plain,
      act: async (stage) => {
        const [first, second] = recordingOf("E-crash").commands;
        const pid = stage.probes.pidsOf("eventsearcher").at(-1)!;
        process.kill(pid, "SIGKILL");
        await waitFor("the end of the plugin", () => !isAlive(pid));
        const refused = await callRest(stage, first!);
        await waitFor("the plugin again", () =>
          stage.server.log.records.some(
            (record) => record["pid"] === stage.probes.pidsOf("eventsearcher").at(-1) && record["pid"] !== pid,
          ),
        );
        return [refused, await callRest(stage, second!)];
      },
    },
  },
);

goldenGroup(
  "events: no searcher",
  { admins },
  {
    "E-noplugin-fs": {},
    "E-noplugin-provider": {},
    "E-noplugin-csv": csv("fs?csv_export=true", {}),
    "E-noplugin-limit0": {},
  },
);

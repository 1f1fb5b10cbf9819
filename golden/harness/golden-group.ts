import { before, describe, test } from "node:test";
import { suiteOwner } from "../../e2e/harness/sandbox.ts";
import { skipWithout } from "../../e2e/harness/tools.ts";
import { pythonWithParamiko } from "./clients.ts";
import { matches } from "./matches.ts";
import { allRecordings } from "./recording.ts";
import { recordingOf, replay, type Situation, type SituationDetails } from "./situation.ts";
import { Stage, type StageOptions } from "./stage.ts";

export interface GroupOptions extends StageOptions {
  /** What is done to the stage before the server starts. */
  readonly beforeStart?: (stage: Stage) => Promise<void>;
  /** Says why the server cannot be asked at all, once it runs. */
  readonly skipIf?: (stage: Stage) => Promise<string | undefined>;
}

/** Situations that share a server, in order. Each is a test of its own, named by its id. */
export function goldenGroup(
  name: string,
  options: GroupOptions,
  situations: Readonly<Record<string, SituationDetails>>,
): void {
  void describe(name, { skip: skipGolden() }, () => {
    let stage: Stage;
    let unavailable: string | undefined;
    const owner = suiteOwner();
    before(async () => {
      stage = await Stage.prepare(owner, options);
      await options.beforeStart?.(stage);
      await stage.start();
      unavailable = await options.skipIf?.(stage);
    });
    for (const [id, details] of Object.entries(situations)) {
      const situation: Situation = { id, ...details };
      void test(`${id}: ${recordingOf(id).title}`, async (t) => {
        if (unavailable === undefined) await replay(stage, situation);
        else t.skip(unavailable);
      });
    }
  });
}

/** The same details for every recorded situation whose id fits; `*` stands for any text. */
export function eachOf(pattern: string, details: SituationDetails): Record<string, SituationDetails> {
  return Object.fromEntries(
    [...allRecordings().keys()].filter((id) => matches(pattern, id)).map((id) => [id, details]),
  );
}

/** In CI a missing client fails; elsewhere it is said what to run. */
export function skipGolden(): string | false {
  const missing = skipWithout("ssh", "sftp", "scp", "ssh-keygen", "sshpass", "curl");
  if (missing !== false) return `${missing}: run golden/install-clients.sh`;
  if (pythonWithParamiko() !== undefined || (process.env["CI"] ?? "") !== "") return false;
  return "no paramiko: run golden/install-clients.sh";
}

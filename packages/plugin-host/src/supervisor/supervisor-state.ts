import type { SupervisedProcess } from "./supervised-process.ts";

/** Where a supervised plugin is in its life. */
export type SupervisorState<Client> =
  | { readonly status: "starting" }
  | {
      readonly status: "running";
      readonly process: SupervisedProcess<Client>;
      /** Unix milliseconds. */
      readonly sinceMs: number;
      /** False from the first unanswered ping to the next answered one. */
      readonly responsive: boolean;
    }
  | {
      readonly status: "backing-off";
      /** Unix milliseconds of the next start. */
      readonly untilMs: number;
      /** Ends without a stable run in between. */
      readonly failures: number;
      /** True when the last end was a start that failed, not a run. */
      readonly startFailed: boolean;
    }
  /** Given up: the first start failed, or the restart policy has had enough. */
  | { readonly status: "failed" }
  | { readonly status: "stopping" }
  | { readonly status: "stopped" };

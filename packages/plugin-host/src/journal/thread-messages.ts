import type { JournalBatch, JournalFileOptions, JournalQuery } from "./journal-backend.ts";
import type { JournalProblem } from "./journal-problem.ts";

/** What the host's thread asks of the journal's; answered in order. */
export type JournalRequest =
  | { readonly kind: "open" }
  | { readonly kind: "write"; readonly batch: JournalBatch }
  | { readonly kind: "read"; readonly query: JournalQuery }
  | { readonly kind: "expire"; readonly beforeMs: number }
  | { readonly kind: "close" };

export type JournalAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly problem: JournalProblem; readonly reason: string };

export interface JournalThreadData {
  readonly options: JournalFileOptions;
}

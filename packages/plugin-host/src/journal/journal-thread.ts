/** The thread that has the journal's file: the event loop that moves files must not wait for a disk. */
import { parentPort, workerData } from "node:worker_threads";
import { JournalFile } from "./journal-file.ts";
import { journalError, journalProblem } from "./journal-problem.ts";
import type { JournalAnswer, JournalRequest, JournalThreadData } from "./thread-messages.ts";

const { options } = workerData as JournalThreadData;
let file: JournalFile | undefined;

parentPort?.on("message", (request: JournalRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer(request));
});

function answer(request: JournalRequest): JournalAnswer {
  try {
    return { ok: true, result: perform(request) };
  } catch (error) {
    const reason = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : "") : String(error);
    return { ok: false, problem: journalProblem(error), reason };
  }
}

function perform(request: JournalRequest): unknown {
  if (request.kind === "open") return reopen();
  if (request.kind === "close") {
    file?.close();
    file = undefined;
    return undefined;
  }
  if (file === undefined) throw journalError(options.file, "failing");
  if (request.kind === "write") return file.write(request.batch);
  return request.kind === "read" ? file.read(request.query) : file.expire(request.beforeMs);
}

function reopen(): unknown {
  file?.close();
  file = undefined;
  const opened = JournalFile.open(options, Date.now());
  file = opened.file;
  return opened.contents;
}

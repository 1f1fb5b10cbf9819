import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import type { RecordedFsEvent } from "./recorded-events.ts";
import type { Story } from "./story.ts";

export interface UploadBatch {
  /** Virtual paths in the order they are put. */
  readonly paths: readonly string[];
  /** Settles when the client is through, rejects when it failed. */
  readonly done: Promise<void>;
}

/** Starts one sftp session that puts `count` small files one after the other: `/<label>-0`, `/<label>-1` … */
export async function startUploads<Name extends string>(
  story: Story<Name>,
  user: NoInfer<Name>,
  count: number,
  label = "up",
): Promise<UploadBatch> {
  const { sandbox, openSsh, server, users } = story;
  const cwd = sandbox.path(`${user}-${label}`);
  await mkdir(cwd);
  const files = Array.from({ length: count }, (_, index) => `${label}-${index}`);
  for (const file of files) await writeFile(`${cwd}/${file}`, `content of ${file}`);
  const put = async (): Promise<void> => {
    const commands = files.map((file) => `put ${file}`);
    const result = await openSsh.sftp(server, users[user].byKey, commands, { cwd, timeoutMs: 120_000 });
    assert.equal(result.code, 0, `the uploads of ${user} failed: ${result.stderr}`);
  };
  const done = put();
  // The test awaits it later; a failure until then is not unhandled.
  done.catch(() => undefined);
  return { paths: files.map((file) => `/${file}`), done };
}

/**
 * Fails unless a user's events tell every upload, in the order they were done. A plugin that is killed between taking an
 * event and answering is told that one again, so a repetition is allowed, but only of the event just told.
 */
export function assertUploadsTold(events: readonly RecordedFsEvent[], paths: readonly string[]): void {
  const once = events.filter((event, index) => event.timestampNs !== events[index - 1]?.timestampNs);
  const told = once.filter((event) => event.action === "upload").map((event) => event.virtualPath);
  assert.deepEqual(told, paths);
}

import type { FileAttributes } from "../file-system.ts";
import { formatLongName } from "../protocol/long-name.ts";
import { MAX_NAME_REPLY_BYTES } from "../protocol/packet-limits.ts";
import { encodeAttributesReply, encodeNames, encodeStatVfs } from "../protocol/replies.ts";
import { SftpError } from "../sftp-error.ts";
import { checkSettable } from "./settable-attributes.ts";
import { inTurn, sendOk } from "./session-context.ts";
import type { SessionContext } from "./session-context.ts";

/** Entries asked of a directory at once. OpenSSH sends up to 100. */
const ENTRIES_AT_ONCE = 128;

/** CLOSE (draft §6.3): the handle is gone at once for later requests; the reply waits for the earlier ones. */
export async function answerClose(context: SessionContext, id: number, handle: number): Promise<void> {
  const open = context.handles.remove(handle);
  await open.gate.enter("alone");
  // Also when the session ended meanwhile: taken out of the table, nobody else would close it.
  try {
    await (open.kind === "file" ? open.file.close({ aborted: context.signal.aborted }) : open.directory.close());
  } finally {
    context.handles.closed();
  }
  if (context.handles.size === 0) context.pool.clear();
  sendOk(context, id);
}

/** FSTAT (draft §6.8). */
export async function answerFstat(context: SessionContext, id: number, handle: number): Promise<void> {
  const open = context.handles.file(handle);
  const attributes = await inTurn(context, open.gate, "alone", () => open.file.stat());
  context.replies.send((writer) => encodeAttributesReply(writer, id, attributes));
}

/** FSETSTAT (draft §6.9). */
export async function answerFsetstat(
  context: SessionContext,
  id: number,
  handle: number,
  attributes: FileAttributes,
): Promise<void> {
  const open = context.handles.file(handle);
  checkSettable(attributes);
  await inTurn(context, open.gate, "alone", () => open.file.setStat(attributes));
  sendOk(context, id);
}

/** fsync@openssh.com (OpenSSH PROTOCOL §4.6). */
export async function answerFsync(context: SessionContext, id: number, handle: number): Promise<void> {
  const open = context.handles.file(handle);
  await inTurn(context, open.gate, "alone", () => open.file.sync());
  sendOk(context, id);
}

/** fstatvfs@openssh.com (OpenSSH PROTOCOL §4.4), by the path the handle was opened with. */
export async function answerFstatvfs(context: SessionContext, id: number, handle: number): Promise<void> {
  const open = context.handles.file(handle);
  const vfs = await inTurn(context, context.names, "read", () => context.fs.statVfs(open.path));
  context.replies.send((writer) => encodeStatVfs(writer, id, vfs));
}

/** READDIR (draft §6.7): as many entries as fit in one reply of a size that every client takes. */
export async function answerReaddir(context: SessionContext, id: number, handle: number): Promise<void> {
  const open = context.handles.directory(handle);
  await inTurn(context, open.gate, "alone", async () => {
    const entries = open.unsent.length > 0 ? open.unsent : await open.directory.next(ENTRIES_AT_ONCE);
    if (entries.length === 0) throw new SftpError("EOF", "End of file");
    const nowMs = Date.now();
    const names = entries.map(({ name, longName, attributes }) => ({
      name,
      longName: longName ?? formatLongName(name, attributes, nowMs),
      attributes,
    }));
    context.replies.send((writer) => {
      const sent = encodeNames(writer, id, names, MAX_NAME_REPLY_BYTES);
      open.unsent = entries.slice(sent);
    });
  });
}

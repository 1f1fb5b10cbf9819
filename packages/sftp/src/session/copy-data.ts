import type { CopyDataRequest } from "../protocol/extended-requests.ts";
import { SftpError } from "../sftp-error.ts";
import type { OpenFile } from "./open-handles.ts";
import { sendOk, throwIfGivenUp } from "./session-context.ts";
import type { SessionContext } from "./session-context.ts";

/**
 * copy-data (OpenSSH PROTOCOL §4.10). Like OpenSSH, refuses to copy within one file, and answers EOF when a given length
 * reaches past the end.
 */
export async function answerCopyData(context: SessionContext, id: number, request: CopyDataRequest): Promise<void> {
  const from = context.handles.file(request.from);
  const to = context.handles.file(request.to);
  if (!from.readable) throw new SftpError("PERMISSION_DENIED", "Handle is not open for reading");
  if (!to.writable) throw new SftpError("PERMISSION_DENIED", "Handle is not open for writing");
  if (from === to || from.path === to.path) throw new SftpError("FAILURE", "Source and target are the same file");

  // Places in both orders are taken at once, so two copies that cross cannot wait for each other.
  const fromTurn = from.gate.enter("read");
  const toTurn = to.gate.enter("alone");
  await fromTurn;
  await toTurn;
  try {
    throwIfGivenUp(context);
    await copy(context, from, to, request);
  } finally {
    from.gate.leave();
    to.gate.leave();
  }
  sendOk(context, id);
}

async function copy(context: SessionContext, from: OpenFile, to: OpenFile, request: CopyDataRequest): Promise<void> {
  const { position, lengthBytes, targetPosition } = request;
  if (from.file.copyTo !== undefined) {
    try {
      await from.file.copyTo(to.file, { position, lengthBytes, targetPosition, signal: context.departed });
      return;
    } catch (error: unknown) {
      // The file system has no faster way for these two files.
      if (!SftpError.is(error, "OP_UNSUPPORTED")) throw error;
    }
  }
  const bufferBytes = context.maxTransferBytes;
  context.budget.holdBytes(bufferBytes);
  const buffer = context.pool.take(bufferBytes);
  try {
    await copyThrough(context, buffer.subarray(0, bufferBytes), from, to, request);
  } finally {
    context.pool.give(buffer);
    context.budget.releaseBytes(bufferBytes);
  }
}

async function copyThrough(
  context: SessionContext,
  buffer: Buffer,
  from: OpenFile,
  to: OpenFile,
  { position, lengthBytes, targetPosition }: CopyDataRequest,
): Promise<void> {
  const toEnd = lengthBytes === 0;
  const limitBytes = toEnd ? Number.POSITIVE_INFINITY : lengthBytes;
  let copied = 0;
  while (copied < limitBytes) {
    if (context.departed.aborted) throw new SftpError("CONNECTION_LOST", "Connection lost");
    const wanted = Math.min(buffer.length, limitBytes - copied);
    if (!Number.isSafeInteger(Math.max(position, targetPosition) + copied + wanted)) {
      throw new SftpError("FAILURE", "File position is too large");
    }
    const count = await from.file.read(buffer.subarray(0, wanted), position + copied);
    if (count === 0) {
      if (toEnd) return;
      throw new SftpError("EOF", "End of file");
    }
    await to.file.write(buffer.subarray(0, count), targetPosition + copied);
    copied += count;
  }
}

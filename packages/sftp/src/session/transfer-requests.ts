import { DATA_HEADER_BYTES } from "../protocol/packet-limits.ts";
import { encodeDataHeader } from "../protocol/replies.ts";
import { SftpError } from "../sftp-error.ts";
import { sendOk, throwIfGivenUp } from "./session-context.ts";
import type { SessionContext } from "./session-context.ts";
import type { OpenFile } from "./open-handles.ts";

interface ReadRequest {
  readonly handle: number;
  readonly position: number;
  readonly lengthBytes: number;
}

interface WriteRequest {
  readonly handle: number;
  readonly position: number;
  readonly data: Buffer;
}

/**
 * READ (draft §6.4): the file is read straight into the reply, behind its header. Longer requests than the limit get
 * less than they asked for, as from OpenSSH; a READ of nothing gets an empty DATA.
 */
export async function answerRead(context: SessionContext, id: number, request: ReadRequest): Promise<void> {
  const open = context.handles.file(request.handle);
  if (!open.readable) throw new SftpError("PERMISSION_DENIED", "Handle is not open for reading");
  const lengthBytes = Math.min(request.lengthBytes, context.maxTransferBytes);
  checkReach(request.position, lengthBytes);

  const heldBytes = DATA_HEADER_BYTES + lengthBytes;
  context.budget.holdBytes(heldBytes);
  const reply = context.pool.take(heldBytes);
  let count = 0;
  try {
    if (lengthBytes > 0)
      count = await readInto(context, open, reply.subarray(DATA_HEADER_BYTES, heldBytes), request.position);
    if (count === 0 && lengthBytes > 0) throw new SftpError("EOF", "End of file");
    encodeDataHeader(reply, id, count);
  } catch (error: unknown) {
    context.pool.give(reply);
    context.budget.releaseBytes(heldBytes);
    throw error;
  }
  context.replies.sendData(reply.subarray(0, DATA_HEADER_BYTES + count), () => {
    if (context.reuseReplyBuffers) context.pool.give(reply);
    context.budget.releaseBytes(heldBytes);
  });
}

async function readInto(context: SessionContext, open: OpenFile, target: Buffer, position: number): Promise<number> {
  const turn = open.gate.enter("read");
  if (turn !== undefined) await turn;
  try {
    throwIfGivenUp(context);
    return await open.file.read(target, position);
  } finally {
    open.gate.leave();
  }
}

/** WRITE (draft §6.4), straight from the packet, joined with its neighbours when the file is busy. */
export async function answerWrite(context: SessionContext, id: number, request: WriteRequest): Promise<void> {
  const { data, position } = request;
  const open = context.handles.file(request.handle);
  if (!open.writable) throw new SftpError("PERMISSION_DENIED", "Handle is not open for writing");
  checkReach(position, data.length);
  const turn = open.gate.enter("write");
  if (turn !== undefined) await turn;
  try {
    throwIfGivenUp(context);
    if (data.length > 0) await open.writes.write(data, position);
  } finally {
    open.gate.leave();
  }
  sendOk(context, id);
}

function checkReach(position: number, lengthBytes: number): void {
  if (position > Number.MAX_SAFE_INTEGER - lengthBytes) throw new SftpError("FAILURE", "File position is too large");
}

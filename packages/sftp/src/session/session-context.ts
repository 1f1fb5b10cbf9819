import type { FileSystem } from "../file-system.ts";
import type { PacketWriter } from "../protocol/packet-writer.ts";
import { encodeStatus } from "../protocol/replies.ts";
import { SftpError } from "../sftp-error.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { FlowBudget } from "./flow-budget.ts";
import type { OpenHandles } from "./open-handles.ts";
import type { OperationGate } from "./operation-gate.ts";
import type { Lane } from "./operation-gate.ts";
import type { ReplyQueue } from "./reply-queue.ts";

/** What the handlers of one session's requests work with. */
export interface SessionContext {
  readonly fs: FileSystem;
  readonly handles: OpenHandles;
  readonly replies: ReplyQueue;
  readonly budget: FlowBudget;
  readonly pool: BufferPool;
  /** Orders requests by path; those by handle have their own gates. */
  readonly names: OperationGate;
  /** Aborted when requests not yet begun are to be given up. */
  readonly signal: AbortSignal;
  /** Aborted at any end of the session, also when the client left in order: nobody waits for a long copy any more. */
  readonly departed: AbortSignal;
  readonly maxPacketBytes: number;
  readonly maxTransferBytes: number;
  readonly maxHandles: number;
  /** Whether a reply's buffer may be used again after the stream's write callback. */
  readonly reuseReplyBuffers: boolean;
}

/** Runs `operation` in its place in the order of `gate`. */
export async function inTurn<T>(
  context: SessionContext,
  gate: OperationGate,
  lane: Lane,
  operation: () => Promise<T>,
): Promise<T> {
  const turn = gate.enter(lane);
  if (turn !== undefined) await turn;
  try {
    throwIfGivenUp(context);
    return await operation();
  } finally {
    gate.leave();
  }
}

/** Stops a request whose session ended while it waited. */
export function throwIfGivenUp(context: SessionContext): void {
  if (context.signal.aborted) throw new SftpError("CONNECTION_LOST", "Connection lost");
}

/** Answers a request with SSH_FX_OK. */
export function sendOk(context: SessionContext, id: number): void {
  context.replies.send((writer: PacketWriter) => encodeStatus(writer, id, "OK", "Success"));
}

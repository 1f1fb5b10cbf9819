import { defineMethod } from "@fairlead/grpc";
import { GateDecision as WireGateDecision, GateRequest as WireGateRequest } from "../gen/gate/gate.ts";
import { createCodec } from "../rpc/codecs.ts";
import type { GateDecision, GateOperation, GateRequest } from "./gate-messages.ts";

// Objects are written out field by field: a field added to either side and forgotten here does not compile.

const gateRequest = createCodec<WireGateRequest, GateRequest>(
  WireGateRequest,
  (request) => ({
    operation: request.operation,
    username: request.username,
    ip: request.ip,
    protocol: request.protocol,
    sessionId: request.sessionId,
    path: request.path,
    virtualPath: request.virtualPath,
    targetPath: request.targetPath,
    virtualTargetPath: request.virtualTargetPath,
    fileSize: request.fileSizeBytes,
    openFlags: request.openFlags,
    role: request.role,
  }),
  (request) => ({
    // May be a newer one; who serves the gate looks at that.
    operation: request.operation as GateOperation,
    username: request.username,
    ip: request.ip,
    protocol: request.protocol,
    sessionId: request.sessionId,
    path: request.path,
    virtualPath: request.virtualPath,
    targetPath: request.targetPath,
    virtualTargetPath: request.virtualTargetPath,
    fileSizeBytes: request.fileSize,
    openFlags: request.openFlags,
    role: request.role,
  }),
);

const gateDecision = createCodec<WireGateDecision, GateDecision>(
  WireGateDecision,
  (decision) => ({ allowed: decision.allowed, message: decision.allowed ? "" : limitMessage(decision.message) }),
  ({ allowed, message }) => (allowed ? { allowed } : { allowed, message: limitMessage(message) }),
);

/** Characters of a refusal's message. The clients show it in one line. */
const MAX_MESSAGE_CHARACTERS = 256;

/** Neither side trusts the other to keep it short. */
function limitMessage(message: string): string {
  return message.length <= MAX_MESSAGE_CHARACTERS
    ? message
    : `${message.slice(0, MAX_MESSAGE_CHARACTERS - 1).toWellFormed()}…`;
}

/** The service `fairlead.Gate`, on domain types. */
export const gateMethods = {
  check: defineMethod("unary", "/fairlead.Gate/Check", gateRequest, gateDecision),
} as const;

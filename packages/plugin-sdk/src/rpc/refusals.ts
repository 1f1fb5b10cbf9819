import { GrpcError } from "@fairlead/grpc";
import type { Denied } from "../denied.ts";

/** Characters of a refusal's message that travel: they end in a log line. */
const MAX_MESSAGE_CHARACTERS = 1_024;

/** A refusal as it travels: Go's plugins answer an error too, with no code of their own. */
export function toStatus({ message }: Denied): GrpcError {
  return new GrpcError("PERMISSION_DENIED", message.slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed());
}

/** The answer of a plugin that has no handler for a call, as gRPC servers answer to a call they do not know. */
export function unimplemented(handler: string): GrpcError {
  return new GrpcError("UNIMPLEMENTED", `this plugin has no ${handler}`);
}

/** What a program answered whose types nobody checked: it must not be taken for consent. */
export function noResult(handler: string, expected: string): TypeError {
  return new TypeError(`${handler} answered something else than ${expected}`);
}

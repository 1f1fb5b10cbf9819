import { GrpcError } from "@fairlead/grpc";
import { formatJson, parseJson } from "./json-document.ts";
import type { SftpgoUser } from "./sftpgo-user.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads the user of a request. Nothing at all is a user that the server does not know. */
export function decodeUser(bytes: Uint8Array): SftpgoUser {
  if (bytes.length === 0) return {};
  const user = tryParse(bytes);
  if (isDocument(user)) return user;
  throw new GrpcError("INVALID_ARGUMENT", "the user in the request is no JSON object");
}

/** Without the parser's error, which quotes what it read: the text has secrets. */
function tryParse(bytes: Uint8Array): unknown {
  try {
    return parseJson(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}

export function encodeUser(user: SftpgoUser): Uint8Array {
  if (!isDocument(user)) throw new TypeError("user() was given no document of a user");
  return Buffer.from(formatJson(user));
}

/** Whether the server has stored this user. */
export function isKnownUser({ id }: SftpgoUser): boolean {
  return typeof id === "bigint" || (typeof id === "number" && id !== 0);
}

function isDocument(value: unknown): value is SftpgoUser {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A user to answer with for one that the server does not know: enabled, with all permissions in its home, and what
 * `fields` say. The server refuses one without a name, or without a home where it has no `users_base_dir`.
 */
export function createUser(fields: SftpgoUser & { readonly username: string }): SftpgoUser {
  return { status: 1, permissions: { "/": ["*"] }, ...fields };
}

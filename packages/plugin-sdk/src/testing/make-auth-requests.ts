import type {
  KeyboardInteractiveCheck,
  KeyboardStepRequest,
  PasswordCheck,
  PublicKeyCheck,
  TlsCertificateCheck,
} from "../auth/auth-messages.ts";
import type { SftpgoUser } from "../auth/sftpgo-user.ts";
import { decodeUser, encodeUser } from "../auth/user-document.ts";
import { makeKnownUser } from "./make-users.ts";

/** What a check for a test has other than usual; the user as a document. */
export type CheckChanges<Check> = Partial<Omit<Check, "user">> & { readonly user?: SftpgoUser };

/** A password login for a test; without changes, one of the known user `alice` over SSH. */
export function makePasswordCheck(changes: CheckChanges<PasswordCheck> = {}): PasswordCheck {
  return { password: "right password", ...changes, ...makeCheck(changes) };
}

/** An offered public key for a test; without changes, one of the known user `alice` over SSH. */
export function makePublicKeyCheck(changes: CheckChanges<PublicKeyCheck> = {}): PublicKeyCheck {
  const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7gAVlLmKUbBAZZPOCdrTXUbDZCyZnO4kQDXyiJ5Y1s\n";
  return { publicKey, ...changes, ...makeCheck(changes) };
}

/** A login with a TLS certificate for a test; without changes, one of the known user `alice` over WebDAV. */
export function makeTlsCertificateCheck(changes: CheckChanges<TlsCertificateCheck> = {}): TlsCertificateCheck {
  const certificatePem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  return { certificatePem, ...changes, ...makeCheck({ protocol: "DAV", ...changes }) };
}

/** What precedes a keyboard-interactive login, for a test; without changes, one of the known user `alice`. */
export function makeKeyboardInteractiveCheck(
  changes: CheckChanges<KeyboardInteractiveCheck> = {},
): KeyboardInteractiveCheck {
  return makeCheck(changes);
}

/** One round of a keyboard-interactive login for a test; without changes, the first one. */
export function makeKeyboardStep(changes: Partial<KeyboardStepRequest> = {}): KeyboardStepRequest {
  return {
    requestId: "d2k4v6vkc5mo1lq3o5q0",
    username: "alice",
    password: "",
    ip: "192.0.2.1",
    answers: [],
    questions: [],
    step: 1,
    ...changes,
  };
}

/** The user that an auth plugin answered with; `undefined` when it left the stored one unchanged. */
export function readUser(answer: Uint8Array): SftpgoUser | undefined {
  return answer.length === 0 ? undefined : decodeUser(answer);
}

function makeCheck({ user, username, ip, protocol }: CheckChanges<KeyboardInteractiveCheck>): KeyboardInteractiveCheck {
  const name = username ?? user?.username ?? "alice";
  return {
    username: name,
    ip: ip ?? "192.0.2.1",
    protocol: protocol ?? "SSH",
    user: encodeUser(user ?? makeKnownUser({ username: name })),
  };
}

import type { Awaitable, CallContext } from "../call-context.ts";
import type { KeyboardStepRequest } from "./auth-messages.ts";
import type { AuthResult } from "./auth-result.ts";
import type { KeyboardDialogue } from "./keyboard-dialogue.ts";
import type { KeyboardResult, KeyboardStep } from "./keyboard-step.ts";
import type { SftpgoUser } from "./sftpgo-user.ts";

/** Somebody logs in. */
export interface AuthRequest {
  /** As the client gave it, after the server's naming rules. */
  readonly username: string;
  /** The client's address without port. */
  readonly ip: string;
  /** `SSH`, `FTP`, `DAV` or `HTTP`. */
  readonly protocol: string;
  /** As the server has stored it, with all its secrets; else empty but for the name. */
  readonly user: SftpgoUser;
  /** Whether the server has stored the user: its `id` is not 0. */
  readonly isKnown: boolean;
}

/** Somebody logs in with a password. */
export interface PasswordRequest extends AuthRequest {
  readonly password: string;
}

/** Somebody offers a public key; that they have the private one is not shown yet. */
export interface PublicKeyRequest extends AuthRequest {
  /** A line of authorized_keys with its line end, without comment. */
  readonly publicKey: string;
}

/** Somebody logs in with a TLS certificate. */
export interface TlsCertificateRequest extends AuthRequest {
  readonly certificatePem: string;
}

/**
 * What an auth plugin checks. Give what `auth_options.scope` of the server's configuration lets it ask: 1 password, 2 public
 * key, 4 keyboard-interactive, 8 TLS certificate. A check without handler is answered with UNIMPLEMENTED, which refuses.
 *
 * To refuse, return `denied(…)`. A handler that throws refuses too, since a server does not tell a refusal from a
 * failure; its stack goes into the log. Nobody logs in while the plugin fails.
 */
export interface AuthHandlers {
  checkPassword?(request: PasswordRequest, context: CallContext): Awaitable<AuthResult>;
  /** Called for each key that a client offers. */
  checkPublicKey?(request: PublicKeyRequest, context: CallContext): Awaitable<AuthResult>;
  checkTlsCertificate?(request: TlsCertificateRequest, context: CallContext): Awaitable<AuthResult>;
  /** Called before a keyboard-interactive login begins, to find the user. Default: `unchanged()`. */
  checkKeyboardInteractive?(request: AuthRequest, context: CallContext): Awaitable<AuthResult>;
  /**
   * A keyboard-interactive login from begin to end: one call, however many rounds. Its context's signal is aborted when the
   * login ends before it does.
   */
  keyboardInteractive?(dialogue: KeyboardDialogue, context: CallContext): Awaitable<KeyboardResult>;
  /** The same round by round, for plugins that keep their own state; not beside `keyboardInteractive`. */
  keyboardStep?(request: KeyboardStepRequest, context: CallContext): Awaitable<KeyboardStep>;
}

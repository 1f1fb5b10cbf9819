/** What a host says in every check. */
export interface AuthCheck {
  /** As the client gave it, after the server's naming rules. */
  readonly username: string;
  /** The client's address without port. */
  readonly ip: string;
  /** `SSH`, `FTP`, `DAV` or `HTTP`. */
  readonly protocol: string;
  /** The stored user as JSON with all its secrets, or for an unknown one a document whose `id` is 0. */
  readonly user: Uint8Array;
}

/** Somebody logs in with a password. */
export interface PasswordCheck extends AuthCheck {
  readonly password: string;
}

/** Somebody offers a public key; that they have the private one is not shown yet. */
export interface PublicKeyCheck extends AuthCheck {
  /** A line of authorized_keys with its line end, without comment. */
  readonly publicKey: string;
}

/** Somebody logs in with a TLS certificate. */
export interface TlsCertificateCheck extends AuthCheck {
  readonly certificatePem: string;
}

/** A keyboard-interactive login begins; its steps follow. */
export type KeyboardInteractiveCheck = AuthCheck;

/** One round of a keyboard-interactive login: what the client answered to the questions of the round before. */
export interface KeyboardStepRequest {
  /** The same in all steps of one login. */
  readonly requestId: string;
  readonly username: string;
  /** The stored password's hash, or nothing when there is none. */
  readonly password: string;
  /** The client's address; SFTPGo gives it in the first step only. */
  readonly ip: string;
  readonly answers: readonly string[];
  /** Those of the step before, which `answers` belong to. */
  readonly questions: readonly string[];
  /** Counts from 1. */
  readonly step: number;
}

/** How a keyboard-interactive login goes on, as it travels. */
export interface KeyboardStepResponse {
  readonly instructions: string;
  readonly questions: readonly string[];
  /** For each question whether the client may show what is typed. */
  readonly echos: readonly boolean[];
  /** 0 goes on with the questions, 1 accepts, anything else refuses. */
  readonly authResult: number;
  /** With one question: 1 lets the server check the answer as the password, 2 as second factor. Else 0. */
  readonly checkPassword: number;
}

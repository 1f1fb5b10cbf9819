/** What a server asks a gate about. */
export type GateOperation = (typeof GATE_OPERATIONS)[number];

export const GATE_OPERATIONS = ["upload", "download", "delete", "rename", "mkdir", "rmdir"] as const;

/** An operation that somebody is about to do, and may do as far as the server is concerned. */
export interface GateRequest {
  readonly operation: GateOperation;
  readonly username: string;
  /** The client's address without port. */
  readonly ip: string;
  /** `SFTP`, `SCP` … */
  readonly protocol: string;
  readonly sessionId: string;
  /** Path on the storage behind the user's view. */
  readonly path: string;
  /** The path as the user sees it, rooted at `/`. */
  readonly virtualPath: string;
  /** Second path of a rename, else empty. */
  readonly targetPath: string;
  readonly virtualTargetPath: string;
  /** Size of the file that is there now; 0 when there is none. */
  readonly fileSizeBytes: bigint;
  /** Open flags of an upload, as the server's operating system counts them; else 0. */
  readonly openFlags: number;
  readonly role: string;
}

/** Whether the operation may go on. The message of a refusal is for the user. */
export type GateDecision = { readonly allowed: true } | { readonly allowed: false; readonly message: string };

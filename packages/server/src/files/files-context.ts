import type { User } from "../domain/user.ts";
import type { Access } from "./access.ts";
import type { OperationGate } from "./operation-gate.ts";
import type { Jail } from "./jail/jail.ts";
import type { Quota } from "./quota.ts";
import type { SessionEvents } from "./session-events.ts";

/** SFTPGo's `common` settings that change what file operations do. */
export interface FilePolicy {
  /**
   * SFTPGo's `upload_mode`. 0: straight into the file. 1: into a hidden file beside it, moved to its name at CLOSE;
   * an upload that fails leaves no trace. 2: as 1, but what an interrupted upload left is moved too, to be resumed.
   * Only uploads that begin from nothing are atomic: a resumed one goes on in the file. Where SFTPGo's mode 1 loses
   * the old file of an overwrite that was cut off, here it stays. Default 0.
   */
  readonly uploadMode: 0 | 1 | 2;
  /** SFTPGo's `setstat_mode`. 1: chmod, chown and chtimes do nothing and succeed. 2 is 0 on a local disk. Default 0. */
  readonly setstatMode: 0 | 1 | 2;
  /** SFTPGo's `symlink_mode`. Links can be made with 1 and 3; with 0 and 2 that is not supported. Default 0. */
  readonly symlinkMode: 0 | 1 | 2 | 3;
  /**
   * Whether SSH_FXP_RENAME replaces an existing file as POSIX rename does. SFTPGo replaces, so true by default; false
   * keeps to the protocol draft, which has the client remove the target first.
   */
  readonly plainRenameOverwrites: boolean;
}

/** Something a session must not leave open. */
export interface OpenHandle {
  /** Idempotent. */
  close(options: { readonly aborted: boolean }): Promise<void>;
}

/** What all operations of one session share. */
export interface FilesContext {
  readonly user: User;
  readonly jail: Jail;
  readonly access: Access;
  /** Asked last before something is done, when all of ours allows it. */
  readonly gate: OperationGate;
  readonly events: SessionEvents;
  readonly policy: FilePolicy;
  /** Undefined for a user without a quota. */
  readonly quota: Quota | undefined;
  /** Largest file an upload may make; Infinity without a limit. */
  readonly maxUploadBytes: number;
  /** What the client has open now; handles enter and leave by themselves. */
  readonly openHandles: Set<OpenHandle>;
}

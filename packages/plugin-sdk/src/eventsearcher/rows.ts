/**
 * What an event searcher finds. A field that may be left out is left out of the answer when it is empty or 0, too: a
 * server reads both the same.
 *
 * An event a notifier was given makes a row of it: `{ ...event, id, instanceId }`.
 */

/** One stored file event. */
export interface FsEventRow {
  /** Unique; pages are cut by it. */
  readonly id: string;
  /** Nanoseconds since the Unix epoch. */
  readonly timestampNs: bigint;
  readonly action: string;
  readonly username: string;
  /** Path on the storage behind the user's view. */
  readonly path: string;
  readonly targetPath?: string;
  readonly virtualPath: string;
  readonly virtualTargetPath?: string;
  readonly sshCmd?: string;
  readonly fileSizeBytes?: bigint;
  readonly elapsedMs?: bigint;
  /** See `FsEventStatus`. */
  readonly status: number;
  readonly protocol: string;
  readonly ip?: string;
  readonly sessionId: string;
  /** See `FsProvider`. */
  readonly fsProvider: number;
  readonly bucket?: string;
  readonly endpoint?: string;
  readonly openFlags?: number;
  readonly role?: string;
  /** Which server stored it. */
  readonly instanceId?: string;
}

/** One stored change of a user, folder, administrator or other object. */
export interface ProviderEventRow {
  /** Unique; pages are cut by it. */
  readonly id: string;
  /** Nanoseconds since the Unix epoch. */
  readonly timestampNs: bigint;
  readonly action: string;
  readonly username: string;
  readonly ip?: string;
  readonly objectType: string;
  readonly objectName: string;
  /** The object as JSON; travels as base64. */
  readonly objectData?: Uint8Array;
  readonly role?: string;
  /** Which server stored it. */
  readonly instanceId?: string;
}

/** One stored login, or an attempt at one. */
export interface LogEventRow {
  /** Unique; pages are cut by it. */
  readonly id: string;
  /** Nanoseconds since the Unix epoch. */
  readonly timestampNs: bigint;
  /** See `LogEventType`. */
  readonly event: number;
  readonly protocol?: string;
  readonly username?: string;
  readonly ip?: string;
  /** Why a login failed. */
  readonly message?: string;
  readonly role?: string;
  /** Which server stored it. */
  readonly instanceId?: string;
}

/**
 * What an SFTPGo-compatible server tells its notifier plugins.
 *
 * Numbers that travel as int64 are `bigint`; numbers whose meaning may grow (status, provider, log event) are plain
 * `number`, so a value of a newer server reaches the plugin unchanged.
 */

/** Outcome of a file operation; carried in {@link FsEvent.status}. */
export const FsEventStatus = { ok: 1, error: 2, quotaExceeded: 3 } as const;

/** Where a file lives; carried in {@link FsEvent.fsProvider}. */
export const FsProvider = { local: 0, s3: 1, gcs: 2, azureBlob: 3, localEncrypted: 4, sftp: 5, http: 6 } as const;

/** What a {@link LogEvent} is about; carried in {@link LogEvent.event}. */
export const LogEventType = {
  loginFailed: 1,
  loginNoUser: 2,
  noLoginTried: 3,
  notNegotiated: 4,
  loginOk: 5,
} as const;

/** One operation on a file or directory. */
export interface FsEvent {
  /** When the server made the event, nanoseconds since the Unix epoch. */
  readonly timestampNs: bigint;
  /** `upload`, `download`, `first-upload`, `pre-upload`, `delete`, `rename`, `mkdir`, `copy`, `ssh_cmd` … */
  readonly action: string;
  readonly username: string;
  /** Path on the storage behind the user's view: absolute for a local disk, an object key for clouds. */
  readonly path: string;
  /** Second path of a rename or a copy, else empty. */
  readonly targetPath: string;
  /** The path as the user sees it, rooted at `/`. */
  readonly virtualPath: string;
  readonly virtualTargetPath: string;
  /** Name of the SSH command of an `ssh_cmd` event, without its arguments. */
  readonly sshCmd: string;
  readonly fileSizeBytes: bigint;
  /** How long the operation took, milliseconds; 0 for `pre-*` events. */
  readonly elapsedMs: bigint;
  /** See {@link FsEventStatus}. */
  readonly status: number;
  /** `SFTP`, `SCP`, `SSH`, `FTP`, `DAV`, `HTTP` … */
  readonly protocol: string;
  /** The client's address without port. */
  readonly ip: string;
  readonly sessionId: string;
  /** See {@link FsProvider}. */
  readonly fsProvider: number;
  readonly bucket: string;
  readonly endpoint: string;
  /** Open flags of a `pre-upload`, as the server's operating system counts them. */
  readonly openFlags: number;
  readonly role: string;
  /** Object metadata of a cloud download. An object without prototype when it came from the wire. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** One change of a stored object (user, folder, group, admin …). */
export interface ProviderEvent {
  /** When the server made the event, nanoseconds since the Unix epoch. */
  readonly timestampNs: bigint;
  /** `add`, `update` or `delete`. */
  readonly action: string;
  /** `user`, `folder`, `group`, `admin`, `api_key`, `share`, `event_action`, `event_rule`, `role`, `ip_list_entry`, `configs`. */
  readonly objectType: string;
  readonly objectName: string;
  /** Who did it: an administrator, the user, `__self__` or `__system__`. */
  readonly username: string;
  readonly ip: string;
  readonly role: string;
  /** The object as JSON, without its secrets; empty when the server could not render it. */
  readonly objectData: Uint8Array;
}

/** One login, or an attempt at one. */
export interface LogEvent {
  /** When the server made the event, nanoseconds since the Unix epoch. */
  readonly timestampNs: bigint;
  /** See {@link LogEventType}. */
  readonly event: number;
  readonly username: string;
  /** `SSH`, `FTP`, `DAV`, `HTTP` or `OIDC`. */
  readonly protocol: string;
  readonly ip: string;
  /** Why a login failed; empty for a successful one. */
  readonly message: string;
  readonly role: string;
}

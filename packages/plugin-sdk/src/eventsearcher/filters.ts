/**
 * What a server asks its event searcher for. Every condition must hold; an empty text, an empty list and `undefined` mean
 * that there is none.
 */

/** Which events come first: `ascending`, the oldest; `descending`, the newest. */
export type SearchOrder = "ascending" | "descending";

/** The conditions that all three searches share. */
export interface EventsFilter {
  /** Events not older than this, nanoseconds since the Unix epoch. */
  readonly startTimestampNs: bigint | undefined;
  /** Events not younger than this, nanoseconds since the Unix epoch. */
  readonly endTimestampNs: bigint | undefined;
  readonly username: string;
  readonly ip: string;
  /** Events of any of these servers, by their `instanceId`. */
  readonly instanceIds: readonly string[];
  /**
   * Only what comes after the event with this id, in the order asked for: how the next page is fetched. For an export,
   * SFTPGo also moves `startTimestampNs` to the time of that event.
   */
  readonly fromId: string;
  /** The most rows to answer. SFTPGo asks for 1 to 1 000. */
  readonly limit: number;
  readonly order: SearchOrder;
  readonly role: string;
}

/** A search for file events. */
export interface FsEventsFilter extends EventsFilter {
  /** Any of these: `upload`, `download`, `delete` … */
  readonly actions: readonly string[];
  readonly sshCmd: string;
  /** Any of these: `SFTP`, `SCP`, `HTTP` … */
  readonly protocols: readonly string[];
  /** Any of these, see `FsEventStatus`. */
  readonly statuses: readonly number[];
  /** See `FsProvider`; -1 on the wire is `undefined` here. */
  readonly fsProvider: number | undefined;
  readonly bucket: string;
  readonly endpoint: string;
}

/** A search for changes of stored objects. */
export interface ProviderEventsFilter extends EventsFilter {
  /** Any of these: `add`, `update`, `delete`. */
  readonly actions: readonly string[];
  /** Any of these: `user`, `folder`, `admin` … */
  readonly objectTypes: readonly string[];
  readonly objectName: string;
  /** `true`: rows need no `objectData`. */
  readonly omitObjectData: boolean;
}

/** A search for logins. */
export interface LogEventsFilter extends EventsFilter {
  /** Any of these, see `LogEventType`. */
  readonly events: readonly number[];
  /** Any of these: `SSH`, `FTP`, `DAV`, `HTTP`, `OIDC`. */
  readonly protocols: readonly string[];
}

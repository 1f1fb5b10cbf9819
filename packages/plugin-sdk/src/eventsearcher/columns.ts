import type { FsEventRow, LogEventRow, ProviderEventRow } from "./rows.ts";

/** What a column holds, and with it what it looks like in JSON. */
export type ColumnType = "text" | "integer" | "bigint" | "base64";

/** One field of a row in an answer's JSON. */
export interface Column {
  /** Its name in the JSON, which is what SFTPGo's REST API and its CSV export know it by. */
  readonly name: string;
  readonly type: ColumnType;
  /** Left out when it is empty or 0 (Go's `omitempty`). */
  readonly omitEmpty: boolean;
}

type TypeOf<Value> = Value extends string
  ? "text"
  : Value extends number
    ? "integer"
    : Value extends bigint
      ? "bigint"
      : "base64";

/** A column for each field of a row, of its type, in the order of the JSON. */
export type Columns<Row> = {
  readonly [Field in keyof Row]-?: Column & { readonly type: TypeOf<NonNullable<Row[Field]>> };
};

const column = <Type extends ColumnType>(type: Type, name: string) => ({ name, type, omitEmpty: false }) as const;
const optional = <Type extends ColumnType>(type: Type, name: string) => ({ name, type, omitEmpty: true }) as const;

// Names, order and omissions are those of SFTPGo's own event searcher.

export const fsEventColumns: Columns<FsEventRow> = {
  id: column("text", "id"),
  timestampNs: column("bigint", "timestamp"),
  action: column("text", "action"),
  username: column("text", "username"),
  path: column("text", "fs_path"),
  targetPath: optional("text", "fs_target_path"),
  virtualPath: column("text", "virtual_path"),
  virtualTargetPath: optional("text", "virtual_target_path"),
  sshCmd: optional("text", "ssh_cmd"),
  fileSizeBytes: optional("bigint", "file_size"),
  elapsedMs: optional("bigint", "elapsed"),
  status: column("integer", "status"),
  protocol: column("text", "protocol"),
  ip: optional("text", "ip"),
  sessionId: column("text", "session_id"),
  fsProvider: column("integer", "fs_provider"),
  bucket: optional("text", "bucket"),
  endpoint: optional("text", "endpoint"),
  openFlags: optional("integer", "open_flags"),
  role: optional("text", "role"),
  instanceId: optional("text", "instance_id"),
};

export const providerEventColumns: Columns<ProviderEventRow> = {
  id: column("text", "id"),
  timestampNs: column("bigint", "timestamp"),
  action: column("text", "action"),
  username: column("text", "username"),
  ip: optional("text", "ip"),
  objectType: column("text", "object_type"),
  objectName: column("text", "object_name"),
  objectData: optional("base64", "object_data"),
  role: optional("text", "role"),
  instanceId: optional("text", "instance_id"),
};

export const logEventColumns: Columns<LogEventRow> = {
  id: column("text", "id"),
  timestampNs: column("bigint", "timestamp"),
  event: column("integer", "event"),
  protocol: optional("text", "protocol"),
  username: optional("text", "username"),
  ip: optional("text", "ip"),
  message: optional("text", "message"),
  role: optional("text", "role"),
  instanceId: optional("text", "instance_id"),
};

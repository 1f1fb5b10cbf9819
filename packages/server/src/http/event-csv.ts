/** Rows of `csv_export=true`, in the form SFTPGo gives them, as observed. */
import type { FsEventRow, LogEventRow, ProviderEventRow } from "@fairlead/plugin-sdk/client";
import { stringify } from "csv-stringify/sync";

export const FS_HEADER = "Time,Action,Path,Fs Path,Size,Elapsed,Status,User,Protocol,IP,SSH command,Role".split(",");
export const PROVIDER_HEADER = "Time,Action,Object Type,Object Name,User,IP,Role".split(",");
export const LOG_HEADER = "Time,Event,Protocol,User,IP,Message,Role".split(",");

const STATUSES: ReadonlyMap<number, string> = new Map([
  [1, "OK"],
  [2, "KO"],
  [3, "Quota exceeded"],
]);

const LOG_EVENTS: ReadonlyMap<number, string> = new Map([
  [1, "Login failed"],
  [2, "Login with non-existent user"],
  [3, "No login tried"],
  [4, "Algorithm negotiation failed"],
  [5, "Login succeeded"],
]);

/** Lines with their ends. */
export function formatCsv(rows: readonly (readonly string[])[]): string {
  // Go quotes what begins with a space and what holds a carriage return, too.
  return stringify(
    rows.map((row) => row.map(withoutFormula)),
    { quoted_match: /^\s|\r/ },
  );
}

export function fsColumns(row: FsEventRow): readonly string[] {
  return [
    formatTime(row.timestampNs),
    row.action,
    arrow(row.virtualPath, row.virtualTargetPath),
    arrow(row.path, row.targetPath),
    formatSize(row.fileSizeBytes ?? 0n),
    formatDuration(row.elapsedMs ?? 0n),
    STATUSES.get(row.status) ?? "",
    row.username,
    row.protocol,
    row.ip ?? "",
    row.sshCmd ?? "",
    row.role ?? "",
  ];
}

export function providerColumns(row: ProviderEventRow): readonly string[] {
  return [
    formatTime(row.timestampNs),
    row.action,
    row.objectType,
    row.objectName,
    row.username,
    row.ip ?? "",
    row.role ?? "",
  ];
}

export function logColumns(row: LogEventRow): readonly string[] {
  return [
    formatTime(row.timestampNs),
    LOG_EVENTS.get(row.event) ?? "",
    row.protocol ?? "",
    row.username ?? "",
    row.ip ?? "",
    row.message ?? "",
    row.role ?? "",
  ];
}

/** A spreadsheet must show what a client called its file, not compute it. */
function withoutFormula(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function arrow(from: string, to = ""): string {
  return to === "" ? from : `${from} => ${to}`;
}

/** RFC 3339 in UTC with as many digits as it takes. */
export function formatTime(timestampNs: bigint): string {
  const seconds = timestampNs / 1_000_000_000n - (timestampNs % 1_000_000_000n < 0n ? 1n : 0n);
  const fraction = timestampNs - seconds * 1_000_000_000n;
  const date = new Date(Number(seconds) * 1_000).toISOString().replace(/\.\d{3}Z$/, "");
  const digits = fraction === 0n ? "" : `.${fraction.toString().padStart(9, "0").replace(/0+$/, "")}`;
  return `${date}${digits}Z`;
}

const UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** `5 B`, `5.0 MiB`; nothing for 0 and less. */
export function formatSize(bytes: bigint): string {
  if (bytes <= 0n) {
    return "";
  }
  if (bytes < 1024n) {
    return `${bytes} B`;
  }
  const unit = Math.min(Math.floor((bytes.toString(2).length - 1) / 10), UNITS.length);
  return `${(Number(bytes) / 1024 ** unit).toFixed(1)} ${UNITS[unit - 1]}`;
}

/** Milliseconds as Go writes a duration: `7ms`, `1.5s`, `1m5.001s`, `2h0m0s`; nothing for 0 and less. */
export function formatDuration(ms: bigint): string {
  if (ms <= 0n) {
    return "";
  }
  if (ms < 1_000n) {
    return `${ms}ms`;
  }
  const minutes = ms / 60_000n;
  const rest = ms % 60_000n;
  const fraction = (rest % 1_000n).toString().padStart(3, "0").replace(/0+$/, "");
  const seconds = `${rest / 1_000n}${fraction === "" ? "" : `.${fraction}`}s`;
  if (minutes === 0n) {
    return seconds;
  }
  const hours = minutes / 60n;
  return `${hours === 0n ? "" : `${hours}h`}${minutes % 60n}m${seconds}`;
}

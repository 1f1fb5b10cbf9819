import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LogFields, type Logger, type LogLevel, silentLogger } from "@fairlead/go-plugin";
import type { HostEvent } from "@fairlead/plugin-host";
import type { FileSystem, OpenFlags } from "@fairlead/sftp";
import { parseUser } from "../../src/domain/user.ts";
import type { ReportedFileSystem } from "../../src/files/reported-file-system.ts";
import { type EventSink, openUserFileSystem, type UserFileSystemOptions } from "../../src/files/user-file-system.ts";

export type TestOptions = Omit<Partial<UserFileSystemOptions>, "session" | "events"> & {
  /** Laid over a user who may do everything. */
  readonly user?: Readonly<Record<string, unknown>>;
  readonly protocol?: "SFTP" | "SCP";
  /** An existing home; otherwise one is made, and removed at the end. */
  readonly home?: string;
  readonly logger?: Logger;
  readonly tellUser?: (text: string) => void;
  /** What the hub of notifiers does beside taking events. */
  readonly hub?: Omit<EventSink, "publish">;
};

export interface TestFileSystem extends AsyncDisposable {
  readonly fs: FileSystem & Pick<ReportedFileSystem, "checksum"> & AsyncDisposable;
  /** The home on the disk. */
  readonly home: string;
  /** A directory beside the home, outside of it. */
  readonly outside: string;
  /** Everything published so far. */
  readonly events: HostEvent[];
  close(): Promise<void>;
}

/** A user file system on a fresh home in a temporary directory. */
export async function openTestFileSystem(options: TestOptions = {}): Promise<TestFileSystem> {
  const { user = {}, protocol = "SFTP", home: givenHome, logger = silentLogger, tellUser, hub, ...rest } = options;
  const directory = await mkdtemp(join(tmpdir(), "fairlead-files-"));
  const home = givenHome ?? join(directory, "home");
  const events: HostEvent[] = [];
  const remove = () => rm(directory, { recursive: true, force: true });
  const fs = await openUserFileSystem({
    activity: createActivity(),
    ...rest,
    session: {
      user: parseUser({ username: "ann", status: 1, home_dir: home, permissions: { "/": ["*"] }, ...user }),
      protocol,
      ip: "192.0.2.7",
      sessionId: `${protocol}_ab12_1`,
      logger,
      ...(tellUser === undefined ? {} : { tellUser }),
    },
    events: { publish: (event) => events.push(event), ...hub },
  }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const close = async () => {
    await fs[Symbol.asyncDispose]();
    await remove();
  };
  return { fs, home, outside: join(directory, "outside"), events, close, [Symbol.asyncDispose]: close };
}

export const READ: OpenFlags = {
  read: true,
  write: false,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
};
/** "w" */
export const CREATE: OpenFlags = { ...READ, read: false, write: true, create: true, truncate: true };
/** "a" */
export const APPEND: OpenFlags = { ...READ, read: false, write: true, append: true, create: true };
/** "r+" */
export const UPDATE: OpenFlags = { ...READ, write: true };

/** Uploads `sizeBytes` bytes in one write. */
export async function upload(fs: FileSystem, path: string, sizeBytes: number, flags = CREATE, position = 0) {
  const file = await fs.open(path, flags, {});
  try {
    if (sizeBytes > 0) await file.write(new Uint8Array(sizeBytes).fill(120), position);
  } finally {
    await file.close();
  }
}

export async function download(fs: FileSystem, path: string): Promise<string> {
  const file = await fs.open(path, READ, {});
  try {
    const buffer = Buffer.alloc(64 * 1024);
    return buffer.toString("utf8", 0, await file.read(buffer, 0));
  } finally {
    await file.close();
  }
}

/** What matters of file events, one line each: `action status size flags path → target`. */
export function summarise(events: readonly HostEvent[]): string[] {
  return events.map((entry) => {
    if (entry.kind !== "fs") return entry.kind;
    const { action, status, fileSizeBytes, openFlags, virtualPath, virtualTargetPath } = entry.event;
    const target = virtualTargetPath === "" ? "" : ` → ${virtualTargetPath}`;
    return `${action} st${status} size=${fileSizeBytes} flags=${openFlags} ${virtualPath}${target}`;
  });
}

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps its lines. */
export function createMemoryLogger(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const logger = {
    lines,
    log: (level: LogLevel, message: string, fields: LogFields = {}) => void lines.push({ level, message, fields }),
    child: () => logger,
  };
  return logger;
}

/** Remembers first times as the store does. */
export function createActivity() {
  const done = new Set<string>();
  const mark = (key: string) => Promise.resolve(!done.has(key) && done.add(key).size > 0);
  return {
    markFirstUpload: (username: string) => mark(`upload ${username}`),
    markFirstDownload: (username: string) => mark(`download ${username}`),
  };
}

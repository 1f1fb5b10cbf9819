import { createHash } from "node:crypto";

import { SftpError } from "@fairlead/sftp";
import type { ServerChannel } from "ssh2";

import { splitCommandLine } from "../domain/command-line.ts";
import { normaliseVirtualPath } from "../domain/virtual-path.ts";
import type { ChecksumAlgorithm } from "../files/checksum.ts";
import type { CommandDone } from "../files/reported-file-system.ts";

/** A command this server knows, as a client asked for it. */
export interface SshCommand {
  readonly name: CommandName;
  readonly args: readonly string[];
}

/** One that answers with a line at most. */
export type PlainCommand = SshCommand & { readonly name: Exclude<CommandName, "scp"> };

/** What commands do in a user's files. */
export interface CommandFiles {
  /** Where relative paths begin. */
  readonly homeDirectory: string;
  checksum(path: string, algorithm: ChecksumAlgorithm, signal: AbortSignal): Promise<string>;
  /** Tells plugins and the log that a command has ended. */
  commandDone(done: CommandDone): Promise<void>;
}

const CHECKSUMS = {
  md5sum: "md5",
  sha1sum: "sha1",
  sha256sum: "sha256",
  sha384sum: "sha384",
  sha512sum: "sha512",
} as const satisfies Readonly<Record<string, ChecksumAlgorithm>>;

export type CommandName = "cd" | "pwd" | "scp" | keyof typeof CHECKSUMS;

const NAMES: readonly CommandName[] = ["cd", "pwd", "scp", "md5sum", "sha1sum", "sha256sum", "sha384sum", "sha512sum"];

/** Those of SFTPGo's `enabled_ssh_commands` that are here; `*` stands for all. */
export function enabledCommands(configured: readonly string[]): ReadonlySet<CommandName> {
  return new Set(NAMES.filter((name) => configured.includes("*") || configured.includes(name)));
}

/** `undefined` for what is no command, not known, or not enabled. */
export function parseSshCommand(line: string, enabled: ReadonlySet<CommandName>): SshCommand | undefined {
  const [name, ...args] = splitCommandLine(line) ?? [];
  const known = NAMES.find((one) => one === name);
  return known !== undefined && enabled.has(known) ? { name: known, args } : undefined;
}

/** Whether a command reads what the client sends. */
export function takesInput({ name, args }: SshCommand): boolean {
  return name === "scp" || (name in CHECKSUMS && args.length === 0);
}

export interface CommandSurroundings {
  readonly channel: ServerChannel;
  readonly files: CommandFiles;
  /** Aborted when the connection ends. */
  readonly signal: AbortSignal;
}

/** Runs a command other than scp to its end: output, then exit status 0 or 1. Errors go to standard output, as SFTPGo's do. */
export async function runSshCommand(command: PlainCommand, surroundings: CommandSurroundings): Promise<void> {
  const { channel, files, signal } = surroundings;
  const startMs = performance.now();
  const path = pathOf(command, files.homeDirectory);
  const result = await attempt(outputOf(command, path, surroundings));
  const elapsedMs = performance.now() - startMs;
  await files.commandDone({ name: command.name, path, elapsedMs, ...("failure" in result ? result : {}) });
  if (signal.aborted) {
    return;
  }
  if ("failure" in result) {
    finish(channel, `${command.name}: ${path} ${textFor(result.failure)}\n`, 1);
  } else {
    finish(channel, result.output, 0);
  }
}

async function attempt(work: Promise<string>): Promise<{ readonly output: string } | { readonly failure: unknown }> {
  try {
    return { output: await work };
  } catch (failure) {
    return { failure };
  }
}

/** SFTPGo looks at the last argument only. */
function pathOf({ args }: SshCommand, homeDirectory: string): string {
  const last = args.at(-1);
  return last === undefined ? "" : normaliseVirtualPath(last.startsWith("/") ? last : `${homeDirectory}/${last}`);
}

async function outputOf(
  { name, args }: PlainCommand,
  path: string,
  { channel, files, signal }: CommandSurroundings,
): Promise<string> {
  switch (name) {
    case "cd":
      return ""; // there is nowhere to be; clients try it before other commands
    case "pwd":
      return `${files.homeDirectory}\n`;
    default:
      return takesInput({ name, args })
        ? `${await checksumOfInput(channel, CHECKSUMS[name])}  -\n`
        : `${await files.checksum(path, CHECKSUMS[name], signal)}  ${path}\n`;
  }
}

/** Not by iterating, which would destroy the channel at the end. */
async function checksumOfInput(channel: ServerChannel, algorithm: ChecksumAlgorithm): Promise<string> {
  const hash = createHash(algorithm);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  channel.on("data", (chunk: Buffer) => {
    hash.update(chunk);
  });
  channel.once("end", () => {
    resolve(hash.digest("hex"));
  });
  channel.once("close", () => {
    reject(new SftpError("CONNECTION_LOST", "the client left"));
  });
  return await promise;
}

function textFor(failure: unknown): string {
  const code = failure instanceof SftpError ? failure.code : "FAILURE";
  return code === "NO_SUCH_FILE"
    ? "no such file or directory"
    : code === "PERMISSION_DENIED"
      ? "permission denied"
      : "failure";
}

function finish(channel: ServerChannel, output: string, status: 0 | 1): void {
  if (output !== "") {
    channel.write(output);
  }
  channel.exit(status);
  channel.end();
}

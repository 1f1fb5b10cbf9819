import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, open, realpath, stat } from "node:fs/promises";
import { delimiter, extname, isAbsolute, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { PluginError } from "@fairlead/go-plugin";
import type { PluginConfigBase } from "../config/plugin-config.ts";
import { PluginHostError } from "../plugin-host-error.ts";

/** What Node runs as it is. */
const extensions: ReadonlySet<string> = new Set([".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"]);

/** More than the longest first line a system reads. */
const firstLineBytes = 512;

type Entry = Pick<PluginConfigBase, "cmd" | "sha256sum">;

/**
 * The file of a plugin that is to run under Node, without symbolic links: what is checked is what runs. Throws
 * `ERR_SANDBOX`, or a PluginError `ERR_CHECKSUM_MISMATCH` as without a sandbox.
 */
export async function findScript(entry: Entry, signal: AbortSignal): Promise<string> {
  const file = await locate(entry.cmd);
  await requireNodeScript(file, entry.cmd);
  if (entry.sha256sum !== undefined) await requireChecksum(file, entry.sha256sum, signal);
  return file;
}

/** As a command is found without a sandbox: a path from the host's folder, or a name in the host's PATH. */
async function locate(cmd: string): Promise<string> {
  const places = /[/\\]/.test(cmd)
    ? [resolve(cmd)]
    : (process.env["PATH"] ?? "")
        .split(delimiter)
        .filter((folder) => isAbsolute(folder))
        .map((folder) => join(folder, cmd));
  for (const place of places) {
    try {
      await access(place);
      if ((await stat(place)).isFile()) return await realpath(place);
    } catch {
      // Not there, or not for us: the next place.
    }
  }
  throw refuse(cmd, "there is no such file that this server may read");
}

async function requireNodeScript(file: string, cmd: string): Promise<void> {
  const [firstLine = ""] = (await readStart(file)).split("\n");
  if (firstLine.startsWith("#!")) {
    if (/\bnode\b/.test(firstLine)) return;
    throw refuse(cmd, `it is no JavaScript for Node: its first line is ${JSON.stringify(firstLine.slice(0, 80))}`);
  }
  if (!extensions.has(extname(file))) {
    throw refuse(cmd, "it is no JavaScript: it has neither a first line with node nor a name that ends in .js or .mjs");
  }
}

async function readStart(file: string): Promise<string> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(firstLineBytes), 0, firstLineBytes, 0);
  return buffer.toString("latin1", 0, bytesRead);
}

/** go-plugin checks the command, which is Node here. */
async function requireChecksum(file: string, expected: string, signal: AbortSignal): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash, { signal });
  const actual = hash.digest("hex");
  if (actual === expected) return;
  throw new PluginError(
    "ERR_CHECKSUM_MISMATCH",
    `checksums did not match: the sha256 of ${file} is ${actual}, expected ${expected}`,
    { details: { file, algorithm: "sha256", expected, actual } },
  );
}

export function refuse(cmd: string, reason: string): PluginHostError {
  return new PluginHostError("ERR_SANDBOX", `plugin ${JSON.stringify(cmd)} cannot run in a sandbox: ${reason}`, {
    details: { cmd },
  });
}

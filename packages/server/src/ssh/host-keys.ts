import { generateKeyPair as generateKeyPairWithCallback, hash, randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";

import ssh2 from "ssh2";
import type { ParsedKey } from "ssh2";

import { FairleadError } from "../domain/fairlead-error.ts";
import { toSsh2PrivateKey } from "./host-key-format.ts";

export interface HostKeyOptions {
  /** SFTPGo's `sftpd.host_keys`; empty = the three automatic ones. */
  readonly files: readonly string[];
  /** Relative names in `files` are relative to this folder. */
  readonly configDir: string;
  /** Where automatic keys live. */
  readonly dataDir: string;
  /** Called before a key is made, which may take seconds. */
  readonly onMake?: (file: string) => void;
}

export interface HostKey {
  readonly file: string;
  /** Private key, readable by ssh2. Never log it. */
  readonly privateKey: string;
  readonly algorithm: string;
  /** `SHA256:…`, as ssh shows it. */
  readonly fingerprint: string;
  readonly isNew: boolean;
  /** Others than the owner may read the file. */
  readonly isExposed: boolean;
}

type KeyType = "ecdsa" | "ed25519" | "rsa";

const generateKeyPair = promisify(generateKeyPairWithCallback);

/** Names SFTPGo makes keys under when they do not exist. */
const AUTOMATIC: ReadonlyMap<string, KeyType> = new Map([
  ["id_rsa", "rsa"],
  ["id_ecdsa", "ecdsa"],
  ["id_ed25519", "ed25519"],
]);

/**
 * Reads the host keys and makes the automatic ones that are missing (mode 0600, with a `.pub` beside).
 * Throws `ERR_HOST_KEY` naming the file: clients that know the old key must not be shown a new one in
 * silence, so a key that cannot be read is never replaced.
 */
export async function loadHostKeys(options: HostKeyOptions): Promise<readonly HostKey[]> {
  const files =
    options.files.length > 0
      ? options.files.map((file) => (isAbsolute(file) ? file : join(options.configDir, file)))
      : [...AUTOMATIC.keys()].map((name) => join(options.dataDir, name));
  const keys: HostKey[] = [];
  for (const file of files) {
    keys.push(await loadHostKey(file, options.onMake));
  }
  return keys;
}

async function loadHostKey(file: string, onMake: HostKeyOptions["onMake"]): Promise<HostKey> {
  const type = AUTOMATIC.get(basename(file));
  const isNew = type !== undefined && !(await exists(file));
  if (isNew) {
    onMake?.(file);
    await makeHostKey(file, type);
  }
  const text = await readKeyFile(file);
  if (text.trim() === "") {
    throw hostKeyError(file, `it is empty; remove it${type === undefined ? "" : " and a new one is made"}`);
  }
  const privateKey = convert(file, text);
  const { type: algorithm, publicBlob } = parsePrivateKey(file, privateKey);
  return {
    file,
    privateKey,
    algorithm,
    fingerprint: `SHA256:${hash("sha256", publicBlob, "base64").replace(/=+$/, "")}`,
    isNew,
    isExposed: ((await stat(file)).mode & 0o077) !== 0,
  };
}

/** The key's type and public half. Throws `ERR_HOST_KEY`. */
function parsePrivateKey(file: string, text: string): { readonly type: string; readonly publicBlob: Buffer } {
  // ssh2 gives a list for files in OpenSSH's format, which its types do not say.
  const parsed: unknown = ssh2.utils.parseKey(text);
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as Error | ParsedKey;
  if (key instanceof Error || !key.isPrivateKey()) {
    const reason = key instanceof Error ? key.message : "it is a public key";
    throw hostKeyError(file, `it is no private key this server can use (${reason})`);
  }
  return { type: key.type, publicBlob: key.getPublicSSH() };
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") {
      return false;
    }
    throw hostKeyError(file, messageOf(cause), cause);
  }
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw hostKeyError(file, messageOf(cause), cause);
  }
}

function convert(file: string, text: string): string {
  try {
    return toSsh2PrivateKey(text);
  } catch (cause) {
    throw hostKeyError(file, "it is not a private key", cause);
  }
}

async function makeHostKey(file: string, type: KeyType): Promise<void> {
  // Not by ssh2, whose generator makes an Ed25519 key that nobody can read once in two hundred times.
  const privateKey = toSsh2PrivateKey(await generate(type));
  const { type: name, publicBlob } = parsePrivateKey(file, privateKey);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeWhole(file, privateKey, 0o600);
    await writeFile(`${file}.pub`, `${name} ${publicBlob.toString("base64")}\n`, { mode: 0o644 });
  } catch (cause) {
    const isForbidden = cause instanceof Error && "code" in cause && FORBIDDEN.has(cause.code);
    const reason = isForbidden
      ? `this process (uid ${process.getuid?.() ?? "unknown"}) may not write in the folder ${dirname(file)}`
      : messageOf(cause);
    throw hostKeyError(file, reason, cause, "make");
  }
}

/** Either the whole text under this name or nothing: a full disk leaves no half a key that stops every later start. */
async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const unfinished = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await using handle = await open(unfinished, "wx", mode);
    await handle.writeFile(text);
    await handle.sync();
    await giveName(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function giveName(unfinished: string, file: string): Promise<void> {
  try {
    // Not rename: two servers starting at once must not overwrite each other's key.
    await link(unfinished, file);
  } catch (cause) {
    const hasNoLinks = cause instanceof Error && "code" in cause && NO_HARD_LINKS.has(cause.code);
    if (!hasNoLinks) {
      throw cause;
    }
    await rename(unfinished, file);
  }
}

const FORBIDDEN: ReadonlySet<unknown> = new Set(["EACCES", "EPERM", "EROFS"]);

/** What filesystems say that have no hard links (FAT, SMB). */
const NO_HARD_LINKS: ReadonlySet<unknown> = new Set(["ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EPERM"]);

/** PKCS#8, of the sizes SFTPGo makes. */
async function generate(type: KeyType): Promise<string> {
  const privateKeyEncoding = { type: "pkcs8", format: "pem" } as const;
  const publicKeyEncoding = { type: "spki", format: "pem" } as const;
  switch (type) {
    case "rsa":
      return (await generateKeyPair("rsa", { modulusLength: 4096, privateKeyEncoding, publicKeyEncoding })).privateKey;
    case "ecdsa":
      return (await generateKeyPair("ec", { namedCurve: "P-256", privateKeyEncoding, publicKeyEncoding })).privateKey;
    case "ed25519":
      return (await generateKeyPair("ed25519", { privateKeyEncoding, publicKeyEncoding })).privateKey;
  }
  return type;
}

function hostKeyError(file: string, reason: string, cause?: unknown, verb = "use"): FairleadError {
  return new FairleadError("ERR_HOST_KEY", `cannot ${verb} the host key ${file} (sftpd.host_keys): ${reason}`, {
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

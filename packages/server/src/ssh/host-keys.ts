import { chmod, mkdir, open, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";

import ssh2 from "ssh2";

import { FairleadError } from "../domain/fairlead-error.ts";
import { toSsh2PrivateKey } from "./host-key-format.ts";

export interface HostKeyOptions {
  /** SFTPGo's `sftpd.host_keys`; empty = the three automatic ones. */
  readonly files: readonly string[];
  /** Relative names in `files` are relative to this folder. */
  readonly configDir: string;
  /** Where automatic keys live. */
  readonly dataDir: string;
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

/** Names SFTPGo makes keys under when they do not exist. */
const AUTOMATIC: ReadonlyMap<string, "ecdsa" | "ed25519" | "rsa"> = new Map([
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
    keys.push(await loadHostKey(file));
  }
  return keys;
}

async function loadHostKey(file: string): Promise<HostKey> {
  const type = AUTOMATIC.get(basename(file));
  const isNew = type !== undefined && !(await exists(file));
  if (isNew) {
    await makeHostKey(file, type);
  }
  const text = await readKeyFile(file);
  const privateKey = convert(file, text);
  const parsed: ReturnType<typeof ssh2.utils.parseKey> | readonly ReturnType<typeof ssh2.utils.parseKey>[] =
    ssh2.utils.parseKey(privateKey);
  const key = Array.isArray(parsed) ? (parsed[0] as ReturnType<typeof ssh2.utils.parseKey>) : parsed;
  if (key instanceof Error || !key.isPrivateKey()) {
    const reason = key instanceof Error ? key.message : "it is a public key";
    throw hostKeyError(file, `it is no private key this server can use (${reason})`);
  }
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(key.getPublicSSH()));
  return {
    file,
    privateKey,
    algorithm: key.type,
    fingerprint: `SHA256:${Buffer.from(digest).toString("base64").replace(/=+$/, "")}`,
    isNew,
    isExposed: ((await stat(file)).mode & 0o077) !== 0,
  };
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

async function makeHostKey(file: string, type: "ecdsa" | "ed25519" | "rsa"): Promise<void> {
  const pair = await generate(type);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // "wx": two servers starting at once must not overwrite each other's key.
    await using handle = await open(file, "wx", 0o600);
    await handle.writeFile(pair.private);
    await handle.sync();
    await chmod(file, 0o600);
    await writeFile(`${file}.pub`, `${pair.public}\n`, { mode: 0o644 });
  } catch (cause) {
    throw hostKeyError(file, messageOf(cause), cause, "make");
  }
}

async function generate(
  type: "ecdsa" | "ed25519" | "rsa",
): Promise<{ readonly private: string; readonly public: string }> {
  return await new Promise((resolve, reject) => {
    const done = (error: Error | null, pair: { readonly private: string; readonly public: string }): void => {
      if (error === null || error === undefined) {
        resolve(pair);
      } else {
        reject(error);
      }
    };
    switch (type) {
      case "rsa":
        ssh2.utils.generateKeyPair("rsa", { bits: 4096 }, done);
        break;
      case "ecdsa":
        ssh2.utils.generateKeyPair("ecdsa", { bits: 256 }, done);
        break;
      case "ed25519":
        ssh2.utils.generateKeyPair("ed25519", {}, done);
        break;
    }
  });
}

function hostKeyError(file: string, reason: string, cause?: unknown, verb = "use"): FairleadError {
  return new FairleadError("ERR_HOST_KEY", `cannot ${verb} the host key ${file}: ${reason}`, {
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

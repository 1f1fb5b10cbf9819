import { PluginError } from "../plugin-error.ts";
import type { Checksum } from "./launch-options.ts";

/**
 * Compares a file with its checksum (go-plugin's SecureConfig.Check). What runs afterwards is the file at the same path:
 * that nobody swaps it in between is up to its permissions, as with go-plugin.
 */
export async function verifyChecksum(file: string, checksum: Checksum, signal: AbortSignal): Promise<void> {
  const expected = parseChecksum(checksum);
  // Not `import`: they take longer to load than all of a host, and most hosts check nothing.
  const { createHash, timingSafeEqual } = process.getBuiltinModule("node:crypto");
  const { createReadStream, statSync } = process.getBuiltinModule("node:fs");
  const { pipeline } = process.getBuiltinModule("node:stream/promises");
  const hash = createHash(checksum.algorithm);
  try {
    // To open a named pipe is to wait for whoever writes into it, and nothing ends that wait.
    if (!statSync(file).isFile()) throw new PluginError("ERR_CHECKSUM_MISMATCH", "it is not a file");
    await pipeline(createReadStream(file), hash, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = PluginError.is(error) ? error.summary : String(error);
    throw new PluginError("ERR_CHECKSUM_MISMATCH", `error verifying checksum: open ${file}: ${reason}`, {
      details: { file },
      cause: error,
    });
  }
  const actual = hash.digest();
  if (!timingSafeEqual(actual, expected)) {
    throw new PluginError(
      "ERR_CHECKSUM_MISMATCH",
      `checksums did not match: the ${checksum.algorithm} of ${file} is ${actual.toString("hex")}, expected ${expected.toString("hex")}`,
      {
        details: {
          file,
          algorithm: checksum.algorithm,
          expected: expected.toString("hex"),
          actual: actual.toString("hex"),
        },
      },
    );
  }
}

/** The bytes of a checksum; a checksum that is no sha256 at all is an option error, before anything is read. */
export function parseChecksum(checksum: Checksum): Buffer {
  if (checksum.hex === "") {
    throw new PluginError("ERR_INVALID_OPTION", "error verifying checksum: no checksum provided");
  }
  if (!/^[0-9a-fA-F]{64}$/.test(checksum.hex)) {
    throw new PluginError(
      "ERR_INVALID_OPTION",
      `error verifying checksum: a sha256 is 64 hexadecimal digits, got ${checksum.hex.length} characters`,
    );
  }
  return Buffer.from(checksum.hex, "hex");
}

import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(argon2);

export interface Argon2Parameters {
  readonly memoryKib: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** Limits of a stored hash that is still computed: a bad row must not take the machine down. */
const LIMITS: Argon2Parameters = { memoryKib: 1024 * 1024, iterations: 64, parallelism: 64 };

const FORMAT =
  /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** PHC string with SFTPGo's lengths: 16 bytes of salt, 32 of key. Runs on the thread pool. */
export async function hashArgon2id(password: string, parameters: Argon2Parameters): Promise<string> {
  const salt = randomBytes(16);
  const key = await computeKey(password, salt, 32, parameters);
  const { memoryKib, iterations, parallelism } = parameters;
  return `$argon2id$v=19$m=${memoryKib},t=${iterations},p=${parallelism}$${unpadded(salt)}$${unpadded(key)}`;
}

/** False for a wrong password; `undefined` for a string this function cannot verify. */
export async function verifyArgon2id(password: string, encoded: string): Promise<boolean | undefined> {
  const parsed = parseArgon2id(encoded);
  if (parsed === undefined) {
    return undefined;
  }
  const key = await computeKey(password, parsed.salt, parsed.key.length, parsed.parameters);
  return timingSafeEqual(key, parsed.key);
}

interface ParsedArgon2id {
  readonly parameters: Argon2Parameters;
  readonly salt: Buffer;
  readonly key: Buffer;
}

function parseArgon2id(encoded: string): ParsedArgon2id | undefined {
  const match = FORMAT.exec(encoded);
  if (match === null) {
    return undefined;
  }
  const [, memory = "", iterations = "", parallelism = "", salt = "", key = ""] = match;
  const parameters = {
    memoryKib: Number(memory),
    iterations: Number(iterations),
    parallelism: Number(parallelism),
  };
  return isComputable(parameters)
    ? { parameters, salt: Buffer.from(salt, "base64"), key: Buffer.from(key, "base64") }
    : undefined;
}

// RFC 9106 section 3.1: at least 8 KiB of memory a lane.
function isComputable({ memoryKib, iterations, parallelism }: Argon2Parameters): boolean {
  return (
    parallelism >= 1 &&
    parallelism <= LIMITS.parallelism &&
    iterations >= 1 &&
    iterations <= LIMITS.iterations &&
    memoryKib >= 8 * parallelism &&
    memoryKib <= LIMITS.memoryKib
  );
}

async function computeKey(
  password: string,
  salt: Buffer,
  lengthBytes: number,
  parameters: Argon2Parameters,
): Promise<Buffer> {
  return await derive("argon2id", {
    message: password,
    nonce: salt,
    parallelism: parameters.parallelism,
    tagLength: lengthBytes,
    memory: parameters.memoryKib,
    passes: parameters.iterations,
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

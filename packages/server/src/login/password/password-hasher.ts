import { FairleadError } from "../../domain/fairlead-error.ts";
import { type Argon2Parameters, hashArgon2id, verifyArgon2id } from "./argon2id.ts";
import { hashBcrypt, MAX_BCRYPT_PASSWORD_BYTES, verifyBcrypt } from "./bcrypt.ts";
import { hashSchemeOf } from "./hash-scheme.ts";
import { verifyPbkdf2 } from "./pbkdf2.ts";
import { verifyShaCrypt } from "./sha-crypt.ts";
import { createWorkQueue, type WorkLimits, type WorkTicket } from "./work-queue.ts";

/** How new hashes are made: SFTPGo's `data_provider.password_hashing`. */
export interface HashingPolicy {
  readonly algorithm: "argon2id" | "bcrypt";
  /** Default 10, as SFTPGo. */
  readonly bcryptCost: number;
  /** Default 65536 KiB, 1 iteration, 2 lanes, as SFTPGo. */
  readonly argon2: Argon2Parameters;
}

export const DEFAULT_HASHING_POLICY: HashingPolicy = {
  algorithm: "bcrypt",
  bcryptCost: 10,
  argon2: { memoryKib: 65_536, iterations: 1, parallelism: 2 },
};

/**
 * `unsupported`: the stored text is no hash this server can verify. `busy`: too many are waiting, or the ticket's
 * signal was aborted before the turn came.
 */
export type PasswordVerdict = "busy" | "match" | "mismatch" | "unsupported";

export interface PasswordHasher {
  /** Throws `ERR_PASSWORD_HASH` for a password that cannot be hashed without losing a part of it. */
  hash(password: string): Promise<string>;
  verify(password: string, encoded: string, ticket?: WorkTicket): Promise<PasswordVerdict>;
  /** Takes as long as {@link verify} against a hash of the policy; for users that do not exist. */
  verifyNothing(password: string, ticket?: WorkTicket): Promise<"busy" | "mismatch">;
}

/** Longest password looked at. SSH packets allow 32 KiB; hashing that much is only useful to attackers. */
const MAX_PASSWORD_BYTES = 1024;
const DEFAULT_LIMITS: WorkLimits = { running: 2, waiting: 256 };
/** How many origins it takes to fill the queue. */
const ORIGINS_IN_FULL_QUEUE = 8;

/** Hashes and verifies off the event loop, `limits.running` at a time. */
export function createPasswordHasher(
  policy: HashingPolicy = DEFAULT_HASHING_POLICY,
  limits: WorkLimits = DEFAULT_LIMITS,
): PasswordHasher {
  // One address may fill a part of the queue; those of others still find a place, and have their turn in between.
  const waitingPerOrigin = limits.waitingPerOrigin ?? Math.ceil(limits.waiting / ORIGINS_IN_FULL_QUEUE);
  const queue = createWorkQueue({ ...limits, waitingPerOrigin });
  let decoy: Promise<string> | undefined;

  async function verify(password: string, encoded: string, ticket?: WorkTicket): Promise<PasswordVerdict> {
    const result = await queue.run(async () => await verifyByScheme(password, encoded), ticket);
    return result ?? "busy";
  }

  return {
    verify,
    async hash(password) {
      rejectUnhashable(password, policy.algorithm);
      const hashed = await queue.run(async () =>
        policy.algorithm === "bcrypt"
          ? await hashBcrypt(password, policy.bcryptCost)
          : await hashArgon2id(password, policy.argon2),
      );
      return hashed ?? rejectPassword("too many passwords are being hashed, try again");
    },
    async verifyNothing(password, ticket) {
      decoy ??=
        policy.algorithm === "bcrypt"
          ? hashBcrypt("nobody has this password", policy.bcryptCost)
          : hashArgon2id("nobody has this password", policy.argon2);
      return (await verify(password, await decoy, ticket)) === "busy" ? "busy" : "mismatch";
    },
  };
}

async function verifyByScheme(password: string, encoded: string): Promise<Exclude<PasswordVerdict, "busy">> {
  // A NUL ends the password for some bcrypt implementations and not for others: never accept one.
  const isAcceptable = !password.includes("\0") && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES;
  const matches = await compare(isAcceptable ? password : "", encoded);
  if (matches === undefined) {
    return "unsupported";
  }
  return matches && isAcceptable ? "match" : "mismatch";
}

async function compare(password: string, encoded: string): Promise<boolean | undefined> {
  switch (hashSchemeOf(encoded)) {
    case "bcrypt":
      return await verifyBcrypt(password, encoded);
    case "argon2id":
      return await verifyArgon2id(password, encoded);
    case "pbkdf2":
      return await verifyPbkdf2(password, encoded);
    case "sha256-crypt":
    case "sha512-crypt":
      return await verifyShaCrypt(password, encoded);
    default:
      return undefined;
  }
}

function rejectUnhashable(password: string, algorithm: HashingPolicy["algorithm"]): void {
  const sizeBytes = Buffer.byteLength(password);
  const maxBytes = algorithm === "bcrypt" ? MAX_BCRYPT_PASSWORD_BYTES : MAX_PASSWORD_BYTES;
  if (sizeBytes === 0) {
    rejectPassword("the password is empty");
  }
  if (password.includes("\0")) {
    rejectPassword("the password holds a NUL character");
  }
  if (sizeBytes > maxBytes) {
    rejectPassword(`the password has ${sizeBytes} bytes, ${algorithm} takes at most ${maxBytes}`);
  }
}

function rejectPassword(message: string): never {
  throw new FairleadError("ERR_PASSWORD_HASH", message);
}

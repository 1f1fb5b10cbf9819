import { isAbsolute, join, normalize } from "node:path/posix";

import { FairleadError } from "./fairlead-error.ts";
import { parseIpRanges } from "./ip-range.ts";
import { createPermissions } from "./permissions.ts";
import { MIN_RSA_BITS, parsePublicKey, type PublicKeyProblem } from "./public-key.ts";
import { checkTotpConfig } from "./totp-config.ts";
import { parseUser, type User } from "./user.ts";
import { normaliseUsername, usernameProblem } from "./username.ts";

export interface UserRules {
  /** SFTPGo's `data_provider.naming_rules`. */
  readonly namingRules: number;
  /** SFTPGo's `data_provider.users_base_dir`; empty = every user must have a `home_dir`. */
  readonly usersBaseDir: string;
  /** The names in `mfa.totp`, of which a user's second factor must have one. Default: none. */
  readonly totpConfigs?: readonly string[];
}

const LOGIN_METHODS: ReadonlySet<string> = new Set([
  "publickey",
  "password",
  "password-over-SSH",
  "keyboard-interactive",
  "publickey+password",
  "publickey+keyboard-interactive",
  "TLSCertificate",
  "TLSCertificate+password",
]);
const PROTOCOLS: ReadonlySet<string> = new Set(["SSH", "FTP", "DAV", "HTTP"]);
const PERMISSIONS: ReadonlySet<string> = new Set(
  (
    "* list download upload overwrite delete delete_files delete_dirs rename rename_files rename_dirs " +
    "create_dirs create_symlinks chmod chown chtimes copy"
  ).split(" "),
);

/**
 * Checks a user that is about to be stored and completes it: the name is normalised, an absent home
 * directory comes from `users_base_dir`. Throws `ERR_INVALID_USER` naming the first thing wrong.
 */
export function validateUser(user: User, rules: UserRules): User {
  const username = normaliseUsername(user.username, rules.namingRules);
  const problem = usernameProblem(username, rules.namingRules);
  if (problem !== undefined) {
    reject("username", problem);
  }
  const homeDir = validHomeDir(user.homeDir, username, rules);
  checkPermissions(user);
  checkPublicKeys(user.publicKeys);
  checkFilters(user);
  checkTotpConfig(user, rules.totpConfigs ?? []);
  if (user.expirationDateMs < 0) {
    reject("expiration_date", "expiration_date is negative");
  }
  return parseUser({ ...user.document, username, home_dir: homeDir });
}

function validHomeDir(homeDir: string, username: string, rules: UserRules): string {
  if (homeDir === "" && rules.usersBaseDir === "") {
    reject("home_dir", "home_dir is mandatory: give one (--home-dir), or set data_provider.users_base_dir");
  }
  if (homeDir === "") {
    // The name becomes a folder's name here, so it must not be a way out of the base directory.
    if (username.includes("/") || username === "." || username === "..") {
      reject("home_dir", `no home directory can be made from the username "${username}"`);
    }
    return join(rules.usersBaseDir, username);
  }
  if (!isAbsolute(homeDir) || homeDir.includes("\0")) {
    reject("home_dir", `home_dir must be an absolute path, actual value: ${homeDir}`);
  }
  return normalize(homeDir);
}

function checkPermissions(user: User): void {
  if ((user.permissions["/"] ?? []).length === 0) {
    reject("permissions", 'permissions for the root dir "/" must be set');
  }
  for (const [directory, granted] of Object.entries(user.permissions)) {
    const unknown = granted.find((permission) => !PERMISSIONS.has(permission));
    if (unknown !== undefined) {
      reject("permissions", `unknown permission "${unknown}" for the directory "${directory}"`);
    }
  }
  createPermissions(user);
}

function checkPublicKeys(lines: readonly string[]): void {
  for (const [index, line] of lines.entries()) {
    const key = parsePublicKey(line);
    if (typeof key === "string") {
      reject("public_keys", `public key ${index + 1} is not accepted: ${KEY_PROBLEMS[key]}`);
    }
  }
}

const KEY_PROBLEMS: Readonly<Record<PublicKeyProblem, string>> = {
  algorithm: "it must start with ssh-ed25519, ecdsa-sha2-nistp256/384/521 or ssh-rsa",
  malformed: "the key itself is damaged",
  options: "options before the key are not supported",
  "short-rsa": `RSA keys need at least ${MIN_RSA_BITS} bits`,
};

function checkFilters({ filters }: User): void {
  for (const [field, ranges] of [
    ["filters.allowed_ip", filters.allowedIp],
    ["filters.denied_ip", filters.deniedIp],
  ] as const) {
    try {
      parseIpRanges(ranges);
    } catch (cause) {
      reject(field, `${field}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  const method = filters.deniedLoginMethods.find((name) => !LOGIN_METHODS.has(name));
  if (method !== undefined) {
    reject("filters.denied_login_methods", `unknown login method "${method}"`);
  }
  const protocol = filters.deniedProtocols.find((name) => !PROTOCOLS.has(name));
  if (protocol !== undefined) {
    reject("filters.denied_protocols", `unknown protocol "${protocol}"`);
  }
}

function reject(field: string, message: string): never {
  throw new FairleadError("ERR_INVALID_USER", message, { details: { field } });
}

import { parseIpRanges } from "../domain/ip-range.ts";
import { totpConfigOf } from "../domain/totp-config.ts";
import type { AccessTime, User } from "../domain/user.ts";

/** How a user proves who they are, in the words of `filters.denied_login_methods`. */
export type LoginMethod =
  | "keyboard-interactive"
  | "password"
  | "publickey"
  | "publickey+keyboard-interactive"
  | "publickey+password";

/** A rule said no. The message is for logs and events, never for the client. */
export interface Refusal {
  readonly rule: RefusalRule;
  readonly message: string;
}

export type RefusalRule =
  | "access-time"
  | "denied-ip"
  | "denied-method"
  | "denied-protocol"
  | "disabled"
  | "expired"
  | "home-dir"
  | "max-sessions"
  | "password-change"
  | "second-factor"
  | "unsupported";

const SINGLE_STEP_METHODS: readonly LoginMethod[] = ["publickey", "password", "keyboard-interactive"];
const SECOND_STEPS = ["password", "keyboard-interactive"] as const;

/** The rules SFTPGo looks at together with the credentials: status, expiration, time windows. */
export function checkAccount(user: User, nowMs: number): Refusal | undefined {
  const { username } = user;
  if (user.status !== 1) {
    return refusal("disabled", `user "${username}" is disabled`);
  }
  if (user.expirationDateMs > 0 && user.expirationDateMs < nowMs) {
    return refusal(
      "expired",
      `user "${username}" is expired, expiration timestamp: ${user.expirationDateMs} current timestamp: ${nowMs}`,
    );
  }
  if (!isWithinAccessTimes(user.filters.accessTimes, nowMs)) {
    return refusal("access-time", `user "${username}" is not allowed to log in at this time`);
  }
  return undefined;
}

/** Passwords that must be changed do not open a session; a key still does, as in SFTPGo. */
export function checkPasswordAge(user: User, nowMs: number): Refusal | undefined {
  const changedMs = Number(user.document["last_password_change"] ?? 0);
  const days = user.filters.passwordExpirationDays;
  const isExpired = days > 0 && nowMs > changedMs + days * 86_400_000;
  return user.filters.requirePasswordChange || isExpired
    ? refusal("password-change", `user "${user.username}" must change the password first`)
    : undefined;
}

export interface GateFacts {
  readonly ip: string;
  readonly method: LoginMethod;
  /** Sessions the user has open now, without the one asked for. */
  readonly openSessions: number;
}

/** The rules looked at once the credentials are right, in SFTPGo's order. */
export function checkGate(user: User, facts: GateFacts): Refusal | undefined {
  const { username, filters } = user;
  if (!user.homeDir.startsWith("/") || user.homeDir.includes("\0")) {
    return refusal("home-dir", `user "${username}" has no absolute home directory`);
  }
  if (filters.deniedProtocols.includes("SSH")) {
    return refusal("denied-protocol", `protocol SSH is not allowed for user "${username}"`);
  }
  if (user.maxSessions > 0 && facts.openSessions >= user.maxSessions) {
    return refusal("max-sessions", `too many open sessions: ${facts.openSessions}`);
  }
  if (isMethodDenied(user, facts.method)) {
    return refusal("denied-method", `login method "${facts.method}" is not allowed for user "${username}"`);
  }
  if (filters.twoFactorProtocols.includes("SSH") && totpConfigOf(user)?.protocols.includes("SSH") !== true) {
    return refusal("second-factor", `user "${username}" needs a second factor for SSH and has none`);
  }
  if (!isIpAllowed(user, facts.ip)) {
    return refusal("denied-ip", `login for user "${username}" is not allowed from this address: ${facts.ip}`);
  }
  return checkSupported(user);
}

/**
 * What follows a right key: SFTPGo asks for a second step when every single-step method is denied
 * and some two-step method is not. Empty = the key alone is the whole login.
 */
export function secondStepsAfterKey(user: User): readonly ("keyboard-interactive" | "password")[] {
  if (SINGLE_STEP_METHODS.some((method) => !isMethodDenied(user, method))) {
    return [];
  }
  return SECOND_STEPS.filter((step) => !isMethodDenied(user, `publickey+${step}`));
}

function isMethodDenied(user: User, method: LoginMethod): boolean {
  const denied = user.filters.deniedLoginMethods;
  return denied.includes(method) || (method === "password" && denied.includes("password-over-SSH"));
}

function isIpAllowed(user: User, ip: string): boolean {
  const { allowedIp, deniedIp } = user.filters;
  try {
    if (parseIpRanges(deniedIp).includes(ip)) {
      return false;
    }
    return allowedIp.length === 0 || parseIpRanges(allowedIp).includes(ip);
  } catch {
    // A range nobody can read must not open the door; saving a user refuses such ranges.
    return false;
  }
}

/**
 * Settings of SFTPGo that would change what the user sees or where bytes go, and that this server
 * does not implement. Serving such a user without them could write plain text where ciphertext was
 * meant, or show a directory that should be elsewhere.
 */
function checkSupported(user: User): Refusal | undefined {
  const missing = [
    ...(user.filesystemProvider === 0 ? [] : [`filesystem provider ${user.filesystemProvider}`]),
    ...(user.virtualFolderCount === 0 ? [] : ["virtual folders"]),
    ...(user.groupCount === 0 ? [] : ["groups"]),
    ...(hasTransferLimit(user) ? ["limits of transferred data"] : []),
  ];
  return missing.length === 0
    ? undefined
    : refusal("unsupported", `user "${user.username}" needs ${missing.join(", ")}, not supported here`);
}

function hasTransferLimit(user: User): boolean {
  return user.uploadDataTransferMb > 0 || user.downloadDataTransferMb > 0 || user.totalDataTransferMb > 0;
}

/** Windows are UTC, as SFTPGo's default; `from` and `to` belong to the window. */
function isWithinAccessTimes(windows: readonly AccessTime[], nowMs: number): boolean {
  if (windows.length === 0) {
    return true;
  }
  const now = new Date(nowMs);
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  return windows.some(
    (window) =>
      window.dayOfWeek === now.getUTCDay() &&
      minute >= minuteOfDay(window.from, Infinity) &&
      minute <= minuteOfDay(window.to, -Infinity),
  );
}

function minuteOfDay(text: string, otherwise: number): number {
  const match = /^(\d{2}):(\d{2})$/.exec(text);
  return match === null ? otherwise : Number(match[1]) * 60 + Number(match[2]);
}

function refusal(rule: RefusalRule, message: string): Refusal {
  return { rule, message };
}

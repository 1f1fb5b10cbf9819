import { PluginHostError } from "@fairlead/plugin-host";
import type {
  KeyboardInteractiveCheck,
  KeyboardStepRequest,
  KeyboardStepResponse,
  PasswordCheck,
  PublicKeyCheck,
  RpcOptions,
} from "@fairlead/plugin-sdk/client";

import { FairleadError } from "../domain/fairlead-error.ts";
import type { JsonDocument } from "../domain/json-document.ts";
import { formatSftpgoUserJson } from "../domain/sftpgo-user-json.ts";
import type { User } from "../domain/user.ts";
import { type AdoptUserOptions, adoptUser, type ApprovedCredentials, storePassword } from "./adopt-user.ts";
import { readPluginAnswer } from "./plugin-answer.ts";
import type { WorkTicket } from "./password/work-queue.ts";
import type { UserStore } from "./user-store.ts";

/** What an auth plugin's `scope` bits stand for. */
export const AUTH_SCOPES = { password: 1, publicKey: 2, keyboardInteractive: 4 } as const;

export type AuthScopeName = keyof typeof AUTH_SCOPES;

/**
 * The plugins as the host offers them: each call goes to the first entry with the bit, and to no other. Rejects with a
 * `PluginHostError` whose `details.summary` is what SFTPGo would say, and `details.plugin` names the plugin.
 */
export interface AuthChecks {
  /** Some entry has the bit, whatever the state of its plugin. */
  handles(scope: (typeof AUTH_SCOPES)[AuthScopeName]): boolean;
  checkPassword(request: PasswordCheck, options?: RpcOptions): Promise<Uint8Array>;
  checkPublicKey(request: PublicKeyCheck, options?: RpcOptions): Promise<Uint8Array>;
  checkKeyboardInteractive(request: KeyboardInteractiveCheck, options?: RpcOptions): Promise<Uint8Array>;
  sendKeyboardStep(request: KeyboardStepRequest, options?: RpcOptions): Promise<KeyboardStepResponse>;
}

/** Somebody wants to log in, and a plugin is to say whether they may. */
export interface PluginLogin {
  /** After the naming rules. */
  readonly username: string;
  readonly ip: string;
  /** Who is stored under this name. */
  readonly stored: User | undefined;
  /** Aborted when the client is gone: the plugin is not waited for any more. */
  readonly signal?: AbortSignal;
}

/** What comes of it. `user` is stored by now; whether they may log in is for the usual rules. */
export type PluginVerdict = { readonly outcome: "user"; readonly user: User } | PluginRefusal;

export interface PluginRefusal {
  readonly outcome: "refused";
  readonly isUnknownUser: boolean;
  readonly message: string;
  /** Which plugin refused or could not be asked, for the log. */
  readonly plugin?: string;
}

export interface AuthPluginsOptions extends AdoptUserOptions {
  readonly checks: AuthChecks;
  readonly users: Pick<UserStore, "addUser" | "findUser" | "updateUser">;
}

/** SFTPGo's name for what comes over SSH, whatever it is used for. */
const PROTOCOL = "SSH";
const NO_PASSWORD = "credentials cannot be null or empty";

/** Lets auth plugins decide logins, and keeps the users they send. */
export class AuthPlugins {
  readonly #options: AuthPluginsOptions;

  constructor(options: AuthPluginsOptions) {
    this.#options = options;
  }

  /** Whether some plugin has this scope. */
  handles(scope: AuthScopeName): boolean {
    return this.#options.checks.handles(AUTH_SCOPES[scope]);
  }

  /**
   * Whether a plugin decides this login, and nobody else: no fallback to the stored credentials. Users can be kept away
   * from plugins, for good (`external_auth_disabled`) or for some time after a login (`external_auth_cache_time`).
   */
  decide(scope: AuthScopeName, stored: User | undefined): boolean {
    return this.handles(scope) && !(stored !== undefined && isExempt(stored, this.#options.clock()));
  }

  async checkPassword(login: PluginLogin & { readonly password: string }): Promise<PluginVerdict> {
    const { password } = login;
    const answer = await this.#ask(login, async (request, options) =>
      this.#options.checks.checkPassword({ ...request, password }, options),
    );
    // Some plugins take an empty password for an anonymous bind. No user here may be that easy to become.
    if ("outcome" in answer || password === "") {
      return "outcome" in answer ? answer : refused(NO_PASSWORD);
    }
    return await this.#accept(login, answer, { password });
  }

  async checkPublicKey(login: PluginLogin & { readonly keyLine: string }): Promise<PluginVerdict> {
    const { keyLine } = login;
    const answer = await this.#ask(login, async (request, options) =>
      this.#options.checks.checkPublicKey({ ...request, publicKey: keyLine }, options),
    );
    return "outcome" in answer ? answer : await this.#accept(login, answer, { keyLine });
  }

  /** Whether a keyboard-interactive login may begin; the questions follow with {@link step}. */
  async checkKeyboardInteractive(login: PluginLogin): Promise<PluginVerdict> {
    const answer = await this.#ask(login, async (request, options) =>
      this.#options.checks.checkKeyboardInteractive(request, options),
    );
    return "outcome" in answer ? answer : await this.#accept(login, answer, {});
  }

  /** One round of questions. */
  async step(request: KeyboardStepRequest, signal?: AbortSignal): Promise<KeyboardStepResponse | PluginRefusal> {
    try {
      return await this.#options.checks.sendKeyboardStep(request, rpcOptions(signal));
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** The plugin's bytes, or its no. A plugin that cannot be asked says no. */
  async #ask(
    { username, ip, stored, signal }: PluginLogin,
    call: (request: KeyboardInteractiveCheck, options: RpcOptions) => Promise<Uint8Array>,
  ): Promise<Uint8Array | PluginRefusal> {
    const user = Buffer.from(formatSftpgoUserJson(stored?.document ?? { id: 0, username }));
    try {
      return await call({ username, ip, protocol: PROTOCOL, user }, rpcOptions(signal));
    } catch (error) {
      return refusalOf(error);
    }
  }

  async #accept(login: PluginLogin, bytes: Uint8Array, credentials: ApprovedCredentials): Promise<PluginVerdict> {
    const answer = readPluginAnswer(bytes);
    if (answer.kind === "invalid") {
      return refused(`invalid plugin auth response: ${answer.problem}`);
    }
    try {
      return answer.kind === "unchanged"
        ? await this.#keep(login, credentials)
        : { outcome: "user", user: await this.#adopt(login, answer.document, credentials) };
    } catch (error) {
      return refused(describeFailure(error));
    }
  }

  /** "As stored": but a password the plugin took and the store does not know is from now on the stored one. */
  async #keep(
    { username, ip, stored, signal }: PluginLogin,
    { password }: ApprovedCredentials,
  ): Promise<PluginVerdict> {
    const { hasher } = this.#options;
    const ticket: WorkTicket = signal === undefined ? { origin: ip } : { origin: ip, signal };
    if (stored === undefined) {
      if (password !== undefined) {
        await hasher.verifyNothing(password, ticket); // how long it takes must not tell who exists
      }
      return {
        outcome: "refused",
        isUnknownUser: true,
        message: `not found: username ${quoted(username)} does not exist`,
      };
    }
    if (password === undefined) {
      return { outcome: "user", user: stored };
    }
    const verdict =
      stored.passwordHash === "" ? "mismatch" : await hasher.verify(password, stored.passwordHash, ticket);
    if (verdict === "busy") {
      return refused("too many passwords are being checked");
    }
    const user = verdict === "match" ? stored : await storePassword(stored.username, password, this.#options);
    return { outcome: "user", user };
  }

  async #adopt(login: PluginLogin, document: JsonDocument, credentials: ApprovedCredentials): Promise<User> {
    const { username, stored, signal } = login;
    const adoption = { document, stored, credentials, ...(signal === undefined ? {} : { signal }) };
    try {
      return await adoptUser(adoption, this.#options);
    } catch (error) {
      // Clients open several connections at once; the first of them has made the user meanwhile.
      const isRace =
        stored === undefined && FairleadError.is(error, "ERR_USER_EXISTS") && error.details["username"] === username;
      const other = isRace ? await this.#options.users.findUser(username) : undefined;
      if (other === undefined) {
        throw error;
      }
      return await adoptUser({ ...adoption, stored: other }, this.#options);
    }
  }
}

function isExempt({ filters, document }: User, nowMs: number): boolean {
  const sinceLoginMs = nowMs - Number(document["last_login"] ?? 0);
  const isCached = sinceLoginMs >= 0 && sinceLoginMs < filters.externalAuthCacheTimeS * 1000;
  return filters.externalAuthDisabled || isCached;
}

function rpcOptions(signal: AbortSignal | undefined): RpcOptions {
  return signal === undefined ? {} : { signal };
}

/** As Go's %q does for names without control characters. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function describeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (!FairleadError.is(error, "ERR_INVALID_USER") || "missing" in error.details) {
    return message;
  }
  return "expected" in error.details ? `invalid plugin auth response: ${message}` : `Validation error: ${message}`;
}

/** The text of a `PluginHostError` in SFTPGo's words; any other error says no as well. */
function refusalOf(error: unknown): PluginRefusal {
  const details = PluginHostError.is(error) ? error.details : {};
  const [message = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  const { summary = message, plugin } = details;
  return {
    outcome: "refused",
    isUnknownUser: false,
    message: String(summary),
    ...(typeof plugin === "string" ? { plugin } : {}),
  };
}

function refused(message: string): PluginVerdict {
  return { outcome: "refused", isUnknownUser: false, message };
}

import { AES_GCM, decryptAesGcm, encryptAesGcm } from "./aes-gcm.ts";
import { FairleadError } from "../domain/fairlead-error.ts";
import type { KmsPlugins, KmsProvider } from "./kms-plugins.ts";
import { MAX_PAYLOAD_CHARACTERS, PLAIN, type Secret } from "./secret.ts";
import { cannotDecrypt, cannotEncrypt } from "./secret-error.ts";
import { isWellFormed } from "./well-formed.ts";
import { decryptSecretbox, encryptSecretbox, SECRETBOX } from "./secretbox.ts";

/** Encrypts what must not be stored as it is, with the provider of `kms.secrets.url`, and reads what any provider wrote. */
export interface SecretStore {
  /**
   * Encrypts a text. `additionalData` is bound to it: the name of the user it belongs to. Rejects with `ERR_SECRET`
   * when the provider is a plugin that is not there or fails.
   */
  encrypt(plain: string, additionalData: string, options?: SecretCallOptions): Promise<Secret>;
  /**
   * The text of an encrypted secret, read by the provider of its status; `Plain` is given back as it is. Rejects with
   * `ERR_SECRET` when nobody here can read that status, the plugin fails, or the secret was damaged.
   */
  decrypt(secret: Secret, options?: SecretCallOptions): Promise<string>;
  /** Whether there is somebody to read secrets of this status. */
  canDecrypt(status: string): boolean;
}

/** What encrypts, and with which master key. */
export interface KmsSettings {
  /** `kms.secrets.url`; empty = `local://`. */
  readonly url: string;
  /** Empty = none. */
  readonly masterKey: string;
}

export interface SecretCallOptions {
  /** Aborted: nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

const MAX_KEY_CHARACTERS = 4096;
const MAX_INT32 = 2_147_483_647;

export function createSecretStore(settings: KmsSettings, plugins: KmsPlugins): SecretStore {
  return new Store(settings, plugins);
}

/**
 * Throws `ERR_CONFIG_VALUE` when nobody encrypts for `kms.secrets.url`: the server must not start then, as in SFTPGo,
 * or it would find out when the first secret is saved.
 */
export function requireKmsProvider({ url }: KmsSettings, plugins: KmsPlugins): void {
  if (builtInFor(url) === undefined && plugins.schemeFor(url) === undefined) {
    throw new FairleadError(
      "ERR_CONFIG_VALUE",
      `no provider is there for kms.secrets.url "${shownUrl(url)}": it must begin with local, builtin, ` +
        `or the kms_options.scheme of a kms plugin; correct it, or add that plugin to the plugins section`,
      { details: { key: "kms.secrets.url", url: shownUrl(url) } },
    );
  }
}

/** Where nothing is configured: what would have to be encrypted is refused. */
export const NO_SECRETS: SecretStore = {
  encrypt: (_plain, additionalData) => Promise.reject(cannotEncrypt(additionalData, "nothing here encrypts")),
  decrypt: (secret) => Promise.reject(cannotDecrypt(secret, "nothing here decrypts")),
  canDecrypt: () => false,
};

class Store implements SecretStore {
  readonly #settings: KmsSettings;
  readonly #plugins: KmsPlugins;

  constructor(settings: KmsSettings, plugins: KmsPlugins) {
    this.#settings = settings;
    this.#plugins = plugins;
  }

  async encrypt(plain: string, additionalData: string, options: SecretCallOptions = {}): Promise<Secret> {
    const { url, masterKey } = this.#settings;
    if (plain.length > MAX_PAYLOAD_CHARACTERS) {
      throw cannotEncrypt(additionalData, `it has more than ${MAX_PAYLOAD_CHARACTERS} characters`);
    }
    switch (builtInFor(url)) {
      case "local":
        return await encryptSecretbox(plain, additionalData, masterKey);
      case "builtin":
        return encryptAesGcm(plain, additionalData);
      default:
        return await this.#encryptWithPlugin(plain, additionalData, options);
    }
  }

  async decrypt(secret: Secret, options: SecretCallOptions = {}): Promise<string> {
    switch (secret.status) {
      case PLAIN:
        return secret.payload;
      case SECRETBOX:
        return await decryptSecretbox(secret, this.#settings.masterKey);
      case AES_GCM:
        return decryptAesGcm(secret);
      default:
        return await this.#decryptWithPlugin(secret, options);
    }
  }

  canDecrypt(status: string): boolean {
    return status === SECRETBOX || status === AES_GCM || this.#plugins.byStatus(status) !== undefined;
  }

  async #encryptWithPlugin(plain: string, additionalData: string, options: SecretCallOptions): Promise<Secret> {
    const { url, masterKey } = this.#settings;
    const provider = this.#plugins.schemeFor(url);
    if (provider === undefined) {
      throw cannotEncrypt(additionalData, `no kms plugin is there for kms.secrets.url "${shownUrl(url)}"`);
    }
    let sealed: Awaited<ReturnType<KmsProvider["encrypt"]>>;
    try {
      sealed = await provider.encrypt({ payload: plain, additionalData, url, masterKey }, options);
    } catch (cause) {
      throw cannotEncrypt(additionalData, messageOf(cause), cause);
    }
    const { payload, key, mode } = sealed;
    const problem = sealedProblem(payload, key, mode);
    if (problem !== undefined) {
      throw cannotEncrypt(additionalData, `the kms plugin for ${provider.scheme} answered with ${problem}`);
    }
    return { status: provider.encryptedStatus, payload, key, additionalData, mode };
  }

  async #decryptWithPlugin(secret: Secret, options: SecretCallOptions): Promise<string> {
    const { status, payload, key, additionalData, mode } = secret;
    const provider = this.#plugins.byStatus(status);
    if (provider === undefined) {
      throw cannotDecrypt(
        secret,
        `nothing here reads this status; add the kms plugin whose kms_options.encrypted_status is ${JSON.stringify(status)}`,
      );
    }
    if (!isWellFormed(secret)) {
      throw cannotDecrypt(secret, "its key or payload is damaged");
    }
    let plain: string;
    try {
      plain = await provider.decrypt({ payload, key, additionalData, mode, ...this.#settings }, options);
    } catch (cause) {
      throw cannotDecrypt(secret, messageOf(cause), cause);
    }
    if (plain.length > MAX_PAYLOAD_CHARACTERS) {
      throw cannotDecrypt(
        secret,
        `the kms plugin answered with ${plain.length} characters, at most ${MAX_PAYLOAD_CHARACTERS} are accepted`,
      );
    }
    return plain;
  }
}

/** SFTPGo compares the begin of the url only: `local` will do, and an empty url is `local://`. */
function builtInFor(url: string): "builtin" | "local" | undefined {
  return url === "" || url.startsWith("local") ? "local" : url.startsWith("builtin") ? "builtin" : undefined;
}

function sealedProblem(payload: string, key: string, mode: number): string | undefined {
  if (payload === "") {
    return "an empty payload";
  }
  if (payload.length > MAX_PAYLOAD_CHARACTERS || key.length > MAX_KEY_CHARACTERS) {
    return "a payload or key that is too long";
  }
  return Number.isInteger(mode) && Math.abs(mode) <= MAX_INT32 ? undefined : "a mode that is no number";
}

/** What may be shown of a url: some carry credentials behind the scheme. */
function shownUrl(url: string): string {
  const [scheme = ""] = url.split("://");
  return scheme === url ? url.slice(0, 40) : `${scheme.slice(0, 40)}://…`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { silentLogger } from "@fairlead/go-plugin";
import type { PluginManager } from "@fairlead/plugin-host";

import type { Config } from "../config/load-config.ts";
import type { KmsPlugins, KmsProvider } from "../secrets/kms-plugins.ts";
import { readKmsSettings } from "../config/read-kms-settings.ts";
import { requireKmsProvider, createSecretStore, type SecretStore } from "../secrets/secret-store.ts";

/**
 * The secrets of a command that works beside the server. A kms plugin is started when a secret really needs it, and
 * only that one; so is the master key read. Dispose of it at the end.
 */
export function openCommandSecrets(config: Config): SecretStore & AsyncDisposable {
  const plugins = new StartedOnDemand(config);
  let opened: SecretStore | undefined;
  const open = (): SecretStore => {
    if (opened === undefined) {
      const settings = readKmsSettings(config);
      requireKmsProvider(settings, plugins);
      opened = createSecretStore(settings, plugins);
    }
    return opened;
  };
  return {
    // Async, so that what cannot be opened rejects.
    async encrypt(plain, additionalData, options) {
      return await open().encrypt(plain, additionalData, options);
    },
    async decrypt(secret, options) {
      return await open().decrypt(secret, options);
    },
    canDecrypt: (status) => createSecretStore({ url: "", masterKey: "" }, plugins).canDecrypt(status),
    async [Symbol.asyncDispose]() {
      await plugins.stop();
    },
  };
}

/** The configured kms plugins, each started by the first call that needs it. */
class StartedOnDemand implements KmsPlugins {
  readonly #config: Config;
  readonly #running = new Map<KmsEntry, Promise<PluginManager>>();

  constructor(config: Config) {
    this.#config = config;
  }

  schemeFor(url: string): KmsProvider | undefined {
    return this.#provider(({ kmsOptions }) => url.startsWith(kmsOptions.scheme));
  }

  byStatus(status: string): KmsProvider | undefined {
    return this.#provider(({ kmsOptions }) => kmsOptions.encryptedStatus === status);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(Array.from(this.#running.values(), async (manager) => await (await manager).stop()));
  }

  #provider(isWanted: (entry: KmsEntry) => boolean): KmsProvider | undefined {
    const entry = this.#config.plugins.filter((plugin) => plugin.type === "kms").find(isWanted);
    if (entry === undefined) {
      return undefined;
    }
    const { scheme, encryptedStatus } = entry.kmsOptions;
    const running = async (): Promise<KmsProvider> => {
      const { kms } = await this.#start(entry);
      // The only plugin there, so it is the one with this status.
      return kms.byStatus(encryptedStatus)!;
    };
    return {
      scheme,
      encryptedStatus,
      encrypt: async (request, options) => await (await running()).encrypt(request, options),
      decrypt: async (request, options) => await (await running()).decrypt(request, options),
    };
  }

  async #start(entry: KmsEntry): Promise<PluginManager> {
    const { env } = this.#config;
    let manager = this.#running.get(entry);
    if (manager === undefined) {
      // Loaded here, so that commands without such secrets do not wait for gRPC.
      manager = import("@fairlead/plugin-host").then(async ({ startPluginManager }) =>
        startPluginManager({
          plugins: [entry],
          env,
          logger: silentLogger,
        }),
      );
      this.#running.set(entry, manager);
    }
    return await manager;
  }
}

type KmsEntry = Extract<Config["plugins"][number], { readonly type: "kms" }>;

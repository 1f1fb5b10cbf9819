/** A kms plugin that runs, or should: every call may reject. */
export interface KmsProvider {
  /** Begin of the URLs it is for: `awskms`, `hashivault`, … */
  readonly scheme: string;
  /** Status of the secrets it makes: `AWS`, `VaultTransit`, … */
  readonly encryptedStatus: string;
  encrypt(request: KmsEncryptRequest, options?: KmsCallOptions): Promise<KmsSealed>;
  decrypt(request: KmsDecryptRequest, options?: KmsCallOptions): Promise<string>;
}

/** The kms plugins of now; the plugin host's hub is one. */
export interface KmsPlugins {
  schemeFor(url: string): KmsProvider | undefined;
  byStatus(status: string): KmsProvider | undefined;
}

export interface KmsCallOptions {
  readonly signal?: AbortSignal;
}

interface KmsEncryptRequest {
  readonly payload: string;
  readonly additionalData: string;
  readonly url: string;
  readonly masterKey: string;
}

interface KmsDecryptRequest extends KmsEncryptRequest {
  readonly key: string;
  readonly mode: number;
}

interface KmsSealed {
  readonly payload: string;
  readonly key: string;
  readonly mode: number;
}

/** Stands for the plugins until they run: users are opened before. */
export class LateKmsPlugins implements KmsPlugins {
  #plugins: KmsPlugins | undefined;

  use(plugins: KmsPlugins): void {
    this.#plugins = plugins;
  }

  schemeFor(url: string): KmsProvider | undefined {
    return this.#plugins?.schemeFor(url);
  }

  byStatus(status: string): KmsProvider | undefined {
    return this.#plugins?.byStatus(status);
  }
}

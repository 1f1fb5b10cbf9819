import type { PluginFairleadOptions } from "./fairlead-options.ts";

/** The five kinds of SFTPGo's plugins, as the key `type` names them. */
export type PluginType = "notifier" | "auth" | "kms" | "ipfilter" | "eventsearcher";

/** Which events a notifier plugin gets, and how long the host tries. */
export interface NotifierOptions {
  /** File actions delivered; compared literally, unknown names are allowed and never happen. */
  readonly fsEvents: readonly string[];
  /** Provider actions delivered, for the object types of `providerObjects`; both lists must match. */
  readonly providerEvents: readonly string[];
  /** Which objects' events: `user`, `folder`, `admin` and so on; without any there are no provider events. */
  readonly providerObjects: readonly string[];
  /** Log events delivered, see `LogEventType` of the SDK. */
  readonly logEvents: readonly number[];
  /** Seconds since its creation an undelivered event is tried again; 0 or less: a failed event is dropped at once. */
  readonly retryMaxTimeS: number;
  /** Most events waiting for another try; 0 or less: only the host's memory bound counts. */
  readonly retryQueueMaxSize: number;
}

/** Which logins an auth plugin decides. */
export interface AuthOptions {
  /** Sum of 1 password, 2 public key, 4 keyboard-interactive, 8 TLS certificate; from 1 to 15. */
  readonly scope: number;
}

/** Which secrets a kms plugin encrypts and decrypts. */
export interface KmsOptions {
  /** New secrets are its when `kms.secrets.url` begins with this. */
  readonly scheme: string;
  /** Stored secrets of this status are its. */
  readonly encryptedStatus: string;
}

/** What the entries of every type have. */
export interface PluginConfigBase {
  readonly type: PluginType;
  /** The executable: a path, or a bare name looked up in the host's PATH. */
  readonly cmd: string;
  readonly args: readonly string[];
  /** Lower-case hex SHA-256 the executable must have at every start. */
  readonly sha256sum?: string;
  readonly autoMtls: boolean;
  readonly envPrefix: string;
  readonly envVars: readonly string[];
  readonly fairlead: PluginFairleadOptions;
}

/** A checked entry of type `notifier`. */
export interface NotifierPluginConfig extends PluginConfigBase {
  readonly type: "notifier";
  readonly notifierOptions: NotifierOptions;
}

/** A checked entry of type `auth`. */
export interface AuthPluginConfig extends PluginConfigBase {
  readonly type: "auth";
  readonly authOptions: AuthOptions;
}

/** A checked entry of type `kms`. */
export interface KmsPluginConfig extends PluginConfigBase {
  readonly type: "kms";
  readonly kmsOptions: KmsOptions;
}

/** A checked entry of type `ipfilter`. */
export interface IpFilterPluginConfig extends PluginConfigBase {
  readonly type: "ipfilter";
}

/** A checked entry of type `eventsearcher`. */
export interface EventSearcherPluginConfig extends PluginConfigBase {
  readonly type: "eventsearcher";
}

/** One checked entry of the `plugins` section. */
export type PluginConfig =
  | NotifierPluginConfig
  | AuthPluginConfig
  | KmsPluginConfig
  | IpFilterPluginConfig
  | EventSearcherPluginConfig;

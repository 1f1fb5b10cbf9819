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

/** One checked entry of the `plugins` section. */
export interface PluginConfig {
  readonly type: "notifier";
  /** The executable: a path, or a bare name looked up in the host's PATH. */
  readonly cmd: string;
  readonly args: readonly string[];
  /** Lower-case hex SHA-256 the executable must have at every start. */
  readonly sha256sum?: string;
  readonly autoMtls: boolean;
  readonly envPrefix: string;
  readonly envVars: readonly string[];
  readonly notifierOptions: NotifierOptions;
}

/** Every code of {@link PluginHostError} with the next step that ends its message. Described in docs/reference/plugins-config.md. */
export const PLUGIN_HOST_ERROR_CODES = {
  ERR_PLUGIN_CONFIG: { nextStep: "Correct the value; docs/reference/plugins-config.md lists every key." },
  ERR_PLUGIN_TYPE_UNSUPPORTED: {
    nextStep: "Types are notifier, kms, auth, ipfilter and eventsearcher, in lower case.",
  },
  ERR_NO_ACTIONS: {
    nextStep:
      "List at least one event in notifier_options: fs_events, log_events, or provider_events together with provider_objects.",
  },
  ERR_PLUGIN_START_FAILED: { nextStep: "" },
  ERR_SANDBOX: { nextStep: "docs/reference/plugins-config.md says what a sandbox needs." },
  ERR_PLUGINS_STOPPED: { nextStep: "Start a new host." },
  ERR_PLUGIN_CALL: { nextStep: "" },
  ERR_PLUGIN_UNAVAILABLE: { nextStep: "" },
  ERR_PLUGIN_NOT_CONFIGURED: {
    nextStep: "Add an entry for it to the plugins section; docs/reference/plugins-config.md lists every key.",
  },
  ERR_JOURNAL: { nextStep: "" },
} as const satisfies Readonly<Record<string, { readonly nextStep: string }>>;

/** Every code of a `PluginHostError`. */
export type PluginHostErrorCode = keyof typeof PLUGIN_HOST_ERROR_CODES;

/** Plain facts about a failure, safe to log: no arguments and no environment values of a plugin. */
export type PluginHostErrorDetails = Readonly<Record<string, unknown>>;

const brand = Symbol.for("@fairlead/plugin-host/PluginHostError");

/** Everything this package throws. `message` joins what failed, what was seen, and the next step. */
export class PluginHostError extends Error {
  override readonly name = "PluginHostError";
  readonly code: PluginHostErrorCode;
  readonly details: PluginHostErrorDetails;
  readonly [brand] = true;

  constructor(
    code: PluginHostErrorCode,
    message: string,
    options: { readonly details?: PluginHostErrorDetails; readonly cause?: unknown } = {},
  ) {
    const { nextStep } = PLUGIN_HOST_ERROR_CODES[code];
    super(
      nextStep === "" ? message : `${message}\n${nextStep}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Whether `value` is a PluginHostError (of this code, when one is given), also when made by another copy of the package. */
  static is(value: unknown, code?: PluginHostErrorCode): value is PluginHostError {
    return (
      typeof value === "object" &&
      value !== null &&
      brand in value &&
      (code === undefined || (value as PluginHostError).code === code)
    );
  }
}

/** What went wrong in the SDK itself; docs/reference/errors.md has a section for each. */
export type PluginSdkErrorCode = "ERR_EVENTS_MALFORMED" | "ERR_SETTINGS_INVALID";

const brand = Symbol.for("@fairlead/plugin-sdk/PluginSdkError");

/**
 * Everything this package throws itself; what goes wrong with a call is a `GrpcError`, with a plugin's process a
 * `PluginError`. `code` says what happened, `details` holds plain facts.
 */
export class PluginSdkError extends Error {
  override readonly name = "PluginSdkError";
  readonly code: PluginSdkErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly [brand] = true;

  constructor(
    code: PluginSdkErrorCode,
    message: string,
    options: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Whether `value` is a PluginSdkError (of this code, when one is given), also of another copy of the package. */
  static is(value: unknown, code?: PluginSdkErrorCode): value is PluginSdkError {
    return (
      typeof value === "object" &&
      value !== null &&
      brand in value &&
      (code === undefined || (value as PluginSdkError).code === code)
    );
  }
}

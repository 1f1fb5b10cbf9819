import { ERROR_CODES } from "./error-codes.ts";
import type { PluginErrorCode } from "./error-codes.ts";

/** Plain facts about a failure, safe to log: no cookies, keys or environment values. */
export type PluginErrorDetails = Readonly<Record<string, unknown>>;

const brand = Symbol.for("@fairlead/go-plugin/PluginError");

/**
 * Everything this package throws. `code` says what happened, `details` holds the facts (plugin, pid, exit status, last
 * lines of stderr …), `message` joins what failed, what was seen, and the next step. Codes are described in
 * docs/reference/errors.md.
 */
export class PluginError extends Error {
  override readonly name = "PluginError";
  readonly code: PluginErrorCode;
  readonly details: PluginErrorDetails;
  /** The message without its last part, the next step. */
  readonly summary: string;
  readonly [brand] = true;

  constructor(
    code: PluginErrorCode,
    message: string,
    options: { readonly details?: PluginErrorDetails; readonly cause?: unknown } = {},
  ) {
    const { nextStep } = ERROR_CODES[code];
    super(
      nextStep === "" ? message : `${message}\n${nextStep}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.summary = message;
    this.details = options.details ?? {};
  }

  /** Whether `value` is a PluginError (of this code, when one is given), also when made by another copy of the package. */
  static is(value: unknown, code?: PluginErrorCode): value is PluginError {
    return (
      typeof value === "object" &&
      value !== null &&
      brand in value &&
      (code === undefined || (value as PluginError).code === code)
    );
  }
}

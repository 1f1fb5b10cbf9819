import { PluginError } from "../plugin-error.ts";

/** In go-plugin's words. */
export function brokerClosed(cause?: unknown): PluginError {
  return new PluginError("ERR_BROKER_CLOSED", "broker closed", { cause });
}

/** The other side cannot be told, and tells nothing. */
export function brokerUnavailable(message: string, cause?: unknown): PluginError {
  return new PluginError("ERR_BROKER_UNAVAILABLE", message, { cause });
}

/** An id is a uint32; throws `ERR_INVALID_OPTION`. */
export function checkBrokerId(id: number): void {
  if (Number.isInteger(id) && id >= 0 && id <= 0xff_ff_ff_ff) return;
  throw new PluginError("ERR_INVALID_OPTION", `broker: id is ${id}: expected a whole number from 0 to 4294967295`, {
    details: { option: "id" },
  });
}

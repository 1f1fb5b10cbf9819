import { PluginError } from "../plugin-error.ts";

const UNSUPPORTED = "client requested gRPC broker multiplexing but plugin does not support the feature";

/** Go's strconv.ParseBool; undefined for what it does not take. */
export function parseGoBoolean(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined;
}

/**
 * Checks the seventh field of the handshake line for a host that wants to multiplex, in go-plugin's words (client.go:
 * Start). `undefined` is a line without it.
 */
export function checkMultiplexField(field: string | undefined): void {
  if (field === undefined) {
    throw unsupported(
      `${UNSUPPORTED}; for Go plugins, you will need to update the github.com/hashicorp/go-plugin dependency and recompile`,
    );
  }
  const value = parseGoBoolean(field);
  if (value === undefined) {
    throw new PluginError(
      "ERR_HANDSHAKE_MALFORMED",
      `error parsing ${JSON.stringify(field.slice(0, 80))} as a boolean for gRPC broker multiplexing support`,
    );
  }
  if (!value) throw unsupported(UNSUPPORTED);
}

function unsupported(message: string): PluginError {
  return new PluginError("ERR_MUX_UNSUPPORTED", message);
}

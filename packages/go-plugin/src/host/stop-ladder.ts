import { GrpcError } from "@fairlead/grpc";
import type { ClientConnection } from "@fairlead/grpc";
import type { Logger } from "../logger.ts";
import { shutdownMethod } from "../protocol/services.ts";
import type { ExitStatus } from "./launch-options.ts";
import type { PluginLife } from "./plugin-end.ts";

/**
 * Ends a plugin: asks it to (Shutdown), tells it to (SIGTERM), ends it (SIGKILL). Each step has `graceMs` to work. Unlike
 * go-plugin's Kill, Shutdown has a deadline and SIGTERM comes before SIGKILL.
 */
export async function climbStopLadder(
  child: PluginLife,
  connection: ClientConnection | undefined,
  options: { readonly graceMs: number; readonly logger: Logger },
): Promise<ExitStatus> {
  const { graceMs, logger } = options;
  if (connection !== undefined) {
    const gone = await endsWithin(child, graceMs, requestShutdown(connection, graceMs));
    if (gone !== undefined) return gone;
    logger.log("warn", "plugin failed to exit gracefully", { graceMs });
  }
  if (child.terminate()) {
    const gone = await endsWithin(child, graceMs);
    if (gone !== undefined) return gone;
    logger.log("warn", "plugin ignored SIGTERM, killing it", { graceMs });
  }
  return await child.kill();
}

// Go's plugins cut the connection instead of answering: only a refusal means that waiting is in vain.
async function requestShutdown(connection: ClientConnection, graceMs: number): Promise<"asked" | "refused"> {
  try {
    await connection.unary(shutdownMethod, undefined, { deadlineMs: graceMs });
    return "asked";
  } catch (error) {
    return GrpcError.is(error, "UNIMPLEMENTED") ? "refused" : "asked";
  }
}

async function endsWithin(
  child: PluginLife,
  graceMs: number,
  request: Promise<"asked" | "refused"> = Promise.resolve("asked"),
): Promise<ExitStatus | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, graceMs, undefined);
  try {
    const refused = request.then((answer) => (answer === "refused" ? undefined : promise));
    return await Promise.race([child.exited, promise, refused]);
  } finally {
    clearTimeout(timer);
    // Lets go of whoever still waits for the timer.
    resolve(undefined);
  }
}

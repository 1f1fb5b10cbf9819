import type { Duplex } from "node:stream";
import { connectGrpc } from "@fairlead/grpc";
import type { ClientConnection, ClientOptions } from "@fairlead/grpc";
import { PluginError } from "../plugin-error.ts";
import { describeTlsFailure } from "../tls/tls-failure.ts";
import type { DialOptions } from "./dial.ts";

/**
 * A gRPC connection on a stream that is open already, inside TLS if there is any. The stream belongs to it, also when this
 * rejects. `where` is the stream's name in errors.
 */
export async function connectGrpcOn(
  stream: Duplex,
  where: string,
  { tls, peer, signal, grpc = {} }: DialOptions & { readonly grpc?: Omit<ClientOptions, "reads"> },
): Promise<ClientConnection> {
  if (signal.aborted) {
    stream.destroy();
    throw signal.reason;
  }
  if (tls === undefined) return connectGrpc(stream, grpc);
  const socket = process.getBuiltinModule("node:tls").connect({ socket: stream, ...tls.connectOptions() });
  return await new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", fail);
      stream.off("close", onClose);
      act();
    };
    const fail = (error: Error): void =>
      settle(() => {
        socket.on("error", () => {}); // It may say more than once why it failed.
        socket.destroy();
        stream.destroy();
        reject(error);
      });
    const onError = (cause: Error | null): void => {
      const reason = cause === null ? "the stream was closed" : describeTlsFailure(cause);
      const message = `${tls.name} handshake with the ${peer} on ${where} failed: ${reason}`;
      fail(new PluginError("ERR_TLS_IDENTITY", message, cause === null ? {} : { cause }));
    };
    const onAbort = (): void => fail(signal.reason as Error);
    const onClose = (): void => onError(stream.errored);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", onError);
    stream.once("close", onClose);
    socket.once("secureConnect", () => settle(() => resolve(connectGrpc(socket, grpc))));
  });
}

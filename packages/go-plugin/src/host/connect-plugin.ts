import { connect as connectSocket } from "node:net";
import type { IpcNetConnectOpts, Socket, TcpNetConnectOpts } from "node:net";
import { connectGrpc } from "@fairlead/grpc";
import type { ClientConnection } from "@fairlead/grpc";
import { PluginError } from "../plugin-error.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import { quoteLine } from "../protocol/handshake-line.ts";
import type { HostTls } from "./host-tls.ts";

const READ_BUFFER_BYTES = 64 * 1024;

/** How the host and this plugin talk: in plaintext, or with the two certificates of AutoMTLS. */
export type Security =
  | { readonly kind: "plaintext" }
  | { readonly kind: "tls"; readonly tls: HostTls; readonly certificate: Uint8Array };

/** Connects to a plugin. The signal gives up on it: its reason is thrown. */
export async function connectPlugin(
  address: PluginAddress,
  security: Security,
  signal: AbortSignal,
): Promise<ClientConnection> {
  const reads = createReads();
  const where = socketAddress(address);
  const secure = security.kind === "tls" ? security.tls.connectOptions(security.certificate) : undefined;
  signal.throwIfAborted();
  const socket =
    secure === undefined
      ? connectSocket({ ...where, ...reads })
      : process.getBuiltinModule("node:tls").connect({ ...where, ...reads, ...secure });
  const ready = secure === undefined ? "connect" : "secureConnect";
  return await new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error): void => fail(connectFailed(address, security, error));
    const onAbort = (): void => fail(signal.reason as Error);
    socket.once("error", onError);
    signal.addEventListener("abort", onAbort, { once: true });
    // In the event itself: the plugin's first bytes may be read right after it.
    socket.once(ready, () => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.setNoDelay(true);
      resolve(reads.start(socket));
    });
  });
}

/** Reads land in one buffer that is reused for the connection's whole life. */
function createReads(): {
  readonly onread: { buffer: Uint8Array; callback: (size: number, buffer: Uint8Array) => boolean };
  start(socket: Socket): ClientConnection;
} {
  let connection: ClientConnection | undefined;
  return {
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
      callback(size, buffer) {
        connection?.receive(buffer.subarray(0, size));
        return true;
      },
    },
    start(socket) {
      const opened = connectGrpc(socket, { reads: "caller" });
      connection = opened;
      return opened;
    },
  };
}

function socketAddress(address: PluginAddress): IpcNetConnectOpts | TcpNetConnectOpts {
  if (address.network === "tcp") return { host: address.host, port: address.port };
  // Go and the kernel write abstract sockets (Linux) with a leading @, Node with a NUL.
  return { path: address.path.startsWith("@") ? `\0${address.path.slice(1)}` : address.path };
}

function connectFailed(address: PluginAddress, security: Security, cause: Error): PluginError {
  const shown = quoteLine(address.network === "unix" ? address.path : `${address.host}:${address.port}`);
  const { code = "" } = cause as NodeJS.ErrnoException;
  if (security.kind === "tls" && !isUnreachable(code)) {
    const reason = code === "" ? cause.message : `${cause.message} (${code})`;
    return new PluginError("ERR_TLS_IDENTITY", `AutoMTLS handshake with the plugin at ${shown} failed: ${reason}`, {
      cause,
    });
  }
  return new PluginError("ERR_CONNECT_FAILED", `cannot connect to the plugin at ${shown}: ${cause.message}`, { cause });
}

// What a system call answers when nobody listens; all else that fails under TLS is about TLS.
function isUnreachable(code: string): boolean {
  return ["ENOENT", "ECONNREFUSED", "EACCES", "ENOTSOCK", "EINVAL", "ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH"].includes(
    code,
  );
}

import type { IpcNetConnectOpts, OnReadOpts, Socket, TcpNetConnectOpts } from "node:net";
import { connectGrpc } from "@fairlead/grpc";
import type { ClientConnection, ClientOptions } from "@fairlead/grpc";
import { PluginError } from "../plugin-error.ts";
import type { PluginAddress } from "../protocol/handshake-line.ts";
import { quoteLine } from "../protocol/handshake-line.ts";
import type { PeerRole, PeerTls } from "../tls/peer-tls.ts";
import { describeTlsFailure } from "../tls/tls-failure.ts";

const READ_BUFFER_BYTES = 64 * 1024;
/** sun_path, which the system need not end with a NUL. */
const LONGEST_PATH_BYTES = process.platform === "linux" ? 108 : 104;

/** Whom to connect to, and how. */
export interface DialOptions {
  /** Plaintext when left out. */
  readonly tls?: PeerTls | undefined;
  /** For errors. */
  readonly peer: PeerRole;
  /** Gives up; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** Opens a gRPC connection to the other side. */
export async function dialGrpc(
  address: PluginAddress,
  options: DialOptions & { readonly grpc?: Omit<ClientOptions, "reads"> },
): Promise<ClientConnection> {
  const reads = createReads(options.grpc);
  return await dial(address, options, reads.onread, (socket) => reads.start(socket));
}

/** Opens a socket to the other side, read as a stream. */
export async function dialSocket(address: PluginAddress, options: DialOptions): Promise<Socket> {
  return await dial(address, options, undefined, (socket) => socket);
}

/** `start` runs in the event that the connection is ready in: the peer's first bytes may be read right after it. */
async function dial<T>(
  address: PluginAddress,
  options: DialOptions,
  onread: OnReadOpts | undefined,
  start: (socket: Socket) => T,
): Promise<T> {
  const { tls, signal } = options;
  const where = { ...socketAddress(address), ...(onread === undefined ? {} : { onread }) };
  const secure = tls?.connectOptions();
  signal.throwIfAborted();
  // The one failure that a socket reports before it was given back: Node's TLS sockets end the process with it.
  if (address.network === "unix" && Buffer.byteLength(address.path) > LONGEST_PATH_BYTES) {
    throw unreachable(address, options.peer, "the path is too long");
  }
  const socket =
    secure === undefined
      ? process.getBuiltinModule("node:net").connect(where)
      : process.getBuiltinModule("node:tls").connect({ ...where, ...secure });
  return await new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error): void => {
      signal.removeEventListener("abort", onAbort);
      fail(connectFailed(address, options, error));
    };
    const onAbort = (): void => fail(signal.reason as Error);
    socket.once("error", onError);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once(secure === undefined ? "connect" : "secureConnect", () => {
      signal.removeEventListener("abort", onAbort);
      socket.off("error", onError);
      socket.setNoDelay(true);
      resolve(start(socket));
    });
  });
}

/** Reads land in one buffer that is reused for the connection's whole life. */
function createReads(grpc: ClientOptions = {}): {
  readonly onread: OnReadOpts;
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
      const opened = connectGrpc(socket, { ...grpc, reads: "caller" });
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

function connectFailed(address: PluginAddress, { tls, peer }: DialOptions, cause: Error): PluginError {
  if (tls === undefined || isUnreachable(cause)) return unreachable(address, peer, cause.message, cause);
  const message = `${tls.name} handshake with the ${peer} at ${show(address)} failed: ${describeTlsFailure(cause)}`;
  return new PluginError("ERR_TLS_IDENTITY", message, { cause });
}

function unreachable(address: PluginAddress, peer: PeerRole, reason: string, cause?: Error): PluginError {
  const message = `cannot connect to the ${peer} at ${show(address)}: ${quoteLine(reason)}`;
  return new PluginError("ERR_CONNECT_FAILED", message, { cause });
}

function show(address: PluginAddress): string {
  return quoteLine(address.network === "unix" ? address.path : `${address.host}:${address.port}`);
}

// What the system says of an address; all else that fails under TLS is about TLS.
function isUnreachable({ syscall, code = "" }: NodeJS.ErrnoException): boolean {
  // Of several addresses of one name, an error without a system call.
  return syscall === "connect" || syscall === "getaddrinfo" || ["ECONNREFUSED", "ETIMEDOUT"].includes(code);
}

import { createGrpcServer, GrpcError } from "@fairlead/grpc";
import type { ClientInterceptor, ClientOptions, GrpcServer, ServerInterceptor, ServerOptions } from "@fairlead/grpc";

const DEFAULT_MAX_BYTES = 128 * 1_024 * 1_024;
/** What a server of grpc-go takes unless its author says otherwise. */
const GO_MAX_BYTES = 4 * 1_024 * 1_024;

/** What both sides may say about their gRPC connections, brokered ones included. */
export interface GrpcLimits {
  /** Largest message taken, bytes. Default 128 MiB. */
  readonly maxReceiveBytes?: number;
  /** Largest message sent, bytes. Default 128 MiB. The other side has a limit of its own: 4 MiB in Go unless it is raised. */
  readonly maxSendBytes?: number;
}

/** gRPC on the host's side (go-plugin's `GRPCDialOptions`). Interceptors see the kinds' calls, not the protocol's own. */
export interface HostGrpcOptions extends GrpcLimits {
  /** Before every call to the plugin, the first one outermost. */
  readonly interceptors?: readonly ClientInterceptor[];
  /** Before the handlers of what the host serves through the broker. */
  readonly serverInterceptors?: readonly ServerInterceptor[];
}

/** gRPC on the plugin's side (go-plugin's `GRPCServer`). Interceptors see the kinds' calls, not the protocol's own. */
export interface PluginGrpcOptions extends GrpcLimits {
  /** Before every handler, what is served through the broker included, the first one outermost. */
  readonly interceptors?: readonly ServerInterceptor[];
  /** Before every call to what the host serves through the broker. */
  readonly clientInterceptors?: readonly ClientInterceptor[];
}

/** The options of one side, for its connections of both directions. */
export interface PeerGrpc {
  readonly client: Omit<ClientOptions, "reads" | "interceptors">;
  readonly server: Omit<ServerOptions, "interceptors">;
  readonly clientInterceptors: readonly ClientInterceptor[];
  readonly serverInterceptors: readonly ServerInterceptor[];
}

export function hostGrpc({ interceptors = [], serverInterceptors = [], ...limits }: HostGrpcOptions = {}): PeerGrpc {
  return { ...connectionOptions(limits, "plugin"), clientInterceptors: interceptors, serverInterceptors };
}

export function pluginGrpc({
  interceptors = [],
  clientInterceptors = [],
  ...limits
}: PluginGrpcOptions = {}): PeerGrpc {
  return { ...connectionOptions(limits, "host"), clientInterceptors, serverInterceptors: interceptors };
}

/** Without options, by the other side's role. */
export function peerGrpc(peer: "host" | "plugin"): PeerGrpc {
  return peer === "plugin" ? hostGrpc() : pluginGrpc();
}

/** A server whose methods are all the kinds' own. */
export function createBrokeredServer({ server, serverInterceptors }: PeerGrpc): GrpcServer {
  return createGrpcServer({ ...server, interceptors: serverInterceptors });
}

/** What is wrong with the options, in words that follow their name; undefined when nothing is. */
export function findGrpcProblem(options: unknown): string | undefined {
  if (typeof options !== "object" || options === null) return "is no object";
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (name.startsWith("max")) {
      if (!Number.isSafeInteger(value) || (value as number) < 1)
        return `has ${name} ${String(value)}, not a number of bytes`;
    } else if (!Array.isArray(value) || value.some((item) => typeof item !== "function")) {
      return `has ${name} that are no list of functions`;
    }
  }
  return undefined;
}

function connectionOptions(
  { maxReceiveBytes = DEFAULT_MAX_BYTES, maxSendBytes = DEFAULT_MAX_BYTES }: GrpcLimits,
  peer: "host" | "plugin",
): Pick<PeerGrpc, "client" | "server"> {
  const limits = { maxReceiveBytes, maxSendBytes };
  return {
    client: { ...limits, explainError: (error) => explainMiss(explainLimit(error, peer), peer) },
    server: limits,
  };
}

/** Servers say what they lack and not what that means; handlers of methods that are there have other words for it. */
function explainMiss(error: GrpcError, peer: "host" | "plugin"): GrpcError {
  if (error.code !== "UNIMPLEMENTED" || !/^unknown (?:service|method) /.test(error.message)) return error;
  const hint = `the ${peer} does not serve it: it is of another kind, or made for another version of this one`;
  return new GrpcError(error.code, `${error.message}: ${hint}`, { trailers: error.trailers, cause: error });
}

/** grpc-go answers a message above its limit with two numbers, and says neither whose limit it is nor how it is raised. */
function explainLimit(error: GrpcError, peer: "host" | "plugin"): GrpcError {
  if (error.code !== "RESOURCE_EXHAUSTED") return error;
  const limit = /^grpc: received message larger than max \(\d+ vs\. (\d+)\)$/.exec(error.message)?.[1];
  if (limit === undefined) return error;
  const whose = Number(limit) === GO_MAX_BYTES ? `4 MiB, grpc-go's default limit` : `${limit} bytes`;
  const where = peer === "plugin" ? "GRPCServer in plugin.ServeConfig" : "the function given to AcceptAndServe";
  const hint =
    `the ${peer} takes no larger messages than ${whose}; its author raises that, in Go with ` +
    `grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(bytes))...) in ${where}`;
  return new GrpcError(error.code, `${error.message}: ${hint}`, { trailers: error.trailers, cause: error });
}

import type { Method } from "../method.ts";
import type { ServiceRegistrar } from "../server/grpc-server.ts";
import { interceptHandler, type PlainHandler } from "./intercept-handler.ts";
import type { ServerInterceptor } from "./server-interceptor.ts";

/**
 * Registers what it is given behind `interceptors`, the first one outermost: for some of a server's services, where the
 * server's own option stands before all of them. Without any it is the registrar itself.
 */
export function interceptServer(
  registrar: ServiceRegistrar,
  interceptors: readonly ServerInterceptor[],
): ServiceRegistrar {
  if (interceptors.length === 0) return registrar;
  const behind = <Handler>(method: Method<unknown, unknown>, handler: Handler): Handler =>
    interceptHandler(method, handler as PlainHandler, interceptors) as Handler;
  return {
    handleUnary: (method, handler) => registrar.handleUnary(method, behind(method, handler)),
    handleServerStream: (method, handler) => registrar.handleServerStream(method, behind(method, handler)),
    handleClientStream: (method, handler) => registrar.handleClientStream(method, behind(method, handler)),
    handleBidi: (method, handler) => registrar.handleBidi(method, behind(method, handler)),
  };
}

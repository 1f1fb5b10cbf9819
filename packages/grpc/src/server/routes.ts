import { interceptHandler, type PlainHandler, type RawHandler } from "../interceptors/intercept-handler.ts";
import type { ServerInterceptor } from "../interceptors/server-interceptor.ts";
import { splitPath, type Method, type MethodKind } from "../method.ts";
import type { ServerCall } from "./grpc-server.ts";

/** A registered method; its types were checked when it was registered. */
export interface Route {
  readonly method: Method<unknown, unknown>;
  readonly streamsRequests: boolean;
  readonly streamsResponses: boolean;
  readonly handler: RawHandler;
}

/** The methods of a server by path. */
export class Routes {
  readonly #routes = new Map<string, Route>();
  readonly #services = new Set<string>();
  readonly #interceptors: readonly ServerInterceptor[];

  constructor(interceptors: readonly ServerInterceptor[] = []) {
    this.#interceptors = interceptors;
  }

  get services(): readonly string[] {
    return [...this.#services];
  }

  /** @throws {TypeError} when the method is of another kind, or its path is not `/service/method` or is taken. */
  add<Req, Res, K extends MethodKind>(
    kind: K,
    method: Method<Req, Res, K>,
    handler: (input: never, call: ServerCall) => unknown,
  ): void {
    if (method.kind !== kind) throw new TypeError(`method ${method.path} is ${method.kind}: its handler is ${kind}`);
    const parts = splitPath(method.path);
    if (parts === undefined) throw new TypeError(`method path ${JSON.stringify(method.path)} is not /service/method`);
    if (this.#routes.has(method.path)) throw new TypeError(`method ${method.path} has a handler already`);
    this.#services.add(parts.service);
    const plainMethod = method as Method<unknown, unknown>;
    this.#routes.set(method.path, {
      method: plainMethod,
      streamsRequests: method.kind === "client-streaming" || method.kind === "bidirectional",
      streamsResponses: method.kind === "server-streaming" || method.kind === "bidirectional",
      handler: interceptHandler(plainMethod, handler as PlainHandler, this.#interceptors),
    });
  }

  find(path: string): Route | undefined {
    return this.#routes.get(path);
  }

  /** Why a path leads nowhere, in grpc-go's words. */
  describeMiss(path: string): string {
    const parts = splitPath(path);
    if (parts === undefined) return `malformed method name: ${JSON.stringify(path)}`;
    return this.#services.has(parts.service)
      ? `unknown method ${parts.name} for service ${parts.service}`
      : `unknown service ${parts.service}`;
  }
}

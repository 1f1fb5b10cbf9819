import { parseGrpcTimeout } from "../calls/grpc-timeout.ts";
import type { HeaderList } from "../connection/header-list.ts";
import { GrpcError } from "../grpc-error.ts";
import type { Route, Routes } from "./routes.ts";

/** What a request's headers lead to: a handler, a gRPC status, an HTTP status, or a reset. */
export type RequestPlan =
  | {
      readonly action: "call";
      readonly route: Route;
      readonly timeoutMs: number | undefined;
      readonly isCompressed: boolean;
    }
  | { readonly action: "answer-status"; readonly error: GrpcError }
  | { readonly action: "answer-http"; readonly httpStatus: HttpRejection }
  | { readonly action: "reset" };

/** Not POST; not gRPC; more headers than we take. */
export type HttpRejection = "405" | "415" | "431";

/** Depends on nothing but the arguments: one plan serves all requests with the same header block. */
export function planRequest(list: HeaderList, routes: Routes): RequestPlan {
  if (list.isTooLarge) return { action: "answer-http", httpStatus: "431" };
  if (list.requestProblem !== undefined) return { action: "reset" };
  if (list.contentType === undefined || !isGrpcContentType(list.contentType)) {
    return { action: "answer-http", httpStatus: "415" };
  }
  if (list.method !== "POST") return { action: "answer-http", httpStatus: "405" };
  return planCall(list, list.path!, routes);
}

function planCall(list: HeaderList, path: string, routes: Routes): RequestPlan {
  const route = routes.find(path);
  if (route === undefined) return status("UNIMPLEMENTED", routes.describeMiss(path));
  const isCompressed = list.encoding === "gzip";
  if (list.encoding !== undefined && list.encoding !== "identity" && !isCompressed) {
    const encoding = JSON.stringify(list.encoding);
    return status("UNIMPLEMENTED", `grpc: Decompressor is not installed for grpc-encoding ${encoding}`);
  }
  if (list.timeout === undefined) return { action: "call", route, timeoutMs: undefined, isCompressed };
  const timeoutMs = parseGrpcTimeout(list.timeout);
  if (timeoutMs === undefined) return status("INTERNAL", `malformed grpc-timeout: ${JSON.stringify(list.timeout)}`);
  return { action: "call", route, timeoutMs, isCompressed };
}

function status(code: "UNIMPLEMENTED" | "INTERNAL", message: string): RequestPlan {
  return { action: "answer-status", error: new GrpcError(code, message) };
}

/** `application/grpc`, alone or with a message type or parameters (gRPC over HTTP/2, Content-Type). */
function isGrpcContentType(contentType: string): boolean {
  return contentType === "application/grpc" || /^application\/grpc[+;]/i.test(contentType);
}

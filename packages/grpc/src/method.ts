/** How a message becomes bytes and back. `decode` owns the bytes it is given and may keep parts of them. */
export interface Codec<T> {
  encode(message: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

const METHOD_KINDS = ["unary", "server-streaming", "client-streaming", "bidirectional"] as const;

/** Which sides of a call stream. */
export type MethodKind = (typeof METHOD_KINDS)[number];

/** One RPC: where it lives, which sides stream, and its two codecs. Shared by clients and servers. */
export interface Method<Req, Res, K extends MethodKind = MethodKind> {
  /** `/package.Service/Method`, as it stands in `:path`. */
  readonly path: string;
  readonly kind: K;
  readonly request: Codec<Req>;
  readonly response: Codec<Res>;
}

/**
 * Puts a method together: its kind, its path `/package.Service/Method`, and the codecs of its messages.
 *
 * @throws {TypeError} when there is no such kind: programs run without their types being checked.
 */
export function defineMethod<K extends MethodKind, Req, Res>(
  kind: K,
  path: string,
  request: Codec<Req>,
  response: Codec<Res>,
): Method<Req, Res, K> {
  if (!METHOD_KINDS.includes(kind)) {
    throw new TypeError(`method ${path} is ${JSON.stringify(kind)}: expected one of ${METHOD_KINDS.join(", ")}`);
  }
  return { path, kind, request, response };
}

/** Splits `/package.Service/Method` at its last slash, as grpc-go's server does. */
export function splitPath(path: string): { readonly service: string; readonly name: string } | undefined {
  const slash = path.lastIndexOf("/");
  if (!path.startsWith("/") || slash <= 0) return undefined;
  return { service: path.slice(1, slash), name: path.slice(slash + 1) };
}

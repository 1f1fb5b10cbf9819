import type { HeaderField } from "../hpack/index.ts";

/** Connection-specific fields that HTTP/2 forbids (RFC 9113 §8.2.2). */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** Token characters of RFC 9110 §5.6.2, without upper case (RFC 9113 §8.2.1). */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
// oxlint-disable-next-line no-control-regex -- these three control characters are what the rule of §8.2.1 is about
const FORBIDDEN_IN_VALUE = /[\0\r\n]/;
const CONTENT_LENGTH = /^[0-9]{1,15}$/;

/**
 * One decoded header block with what the layers above ask for picked out. Blocks that repeat share one HeaderList, so
 * nothing in it may change but `memo`.
 */
export class HeaderList {
  readonly fields: readonly HeaderField[];
  /** Why the message is malformed whatever its role (RFC 9113 §8.1.1); undefined when it is sound. */
  malformed: string | undefined = undefined;
  /** The list exceeded our limit; `fields` is empty then. */
  readonly isTooLarge: boolean;
  hasPseudoFields = false;
  method: string | undefined = undefined;
  scheme: string | undefined = undefined;
  authority: string | undefined = undefined;
  path: string | undefined = undefined;
  status: string | undefined = undefined;
  contentType: string | undefined = undefined;
  contentLength: number | undefined = undefined;
  timeout: string | undefined = undefined;
  encoding: string | undefined = undefined;
  grpcStatus: string | undefined = undefined;
  grpcMessage: string | undefined = undefined;
  /** What the layer above made of it, so that it is made once for all messages with this block. */
  memo: unknown = undefined;

  constructor(fields: readonly HeaderField[], isTooLarge = false) {
    this.fields = fields;
    this.isTooLarge = isTooLarge;
    let regularSeen = false;
    for (const field of fields) {
      if (field.name.charCodeAt(0) === 0x3a) {
        if (regularSeen) this.malformed ??= "a pseudo-header field follows a regular one";
        this.#takePseudo(field);
      } else {
        regularSeen = true;
        this.#takeRegular(field);
      }
    }
  }

  /** Why this cannot open a request (§8.3.1). */
  get requestProblem(): string | undefined {
    if (this.malformed !== undefined) return this.malformed;
    if (this.status !== undefined) return "a request carries :status";
    if (this.method === undefined) return "a request lacks :method";
    if (this.method === "CONNECT") return undefined;
    if (this.scheme === undefined) return "a request lacks :scheme";
    return this.path === undefined || this.path === "" ? "a request lacks :path" : undefined;
  }

  /** Why this cannot open a response (§8.3.2). */
  get responseProblem(): string | undefined {
    if (this.malformed !== undefined) return this.malformed;
    if (this.status === undefined || !/^[1-9][0-9]{2}$/.test(this.status)) return "a response lacks a valid :status";
    const isRequest = this.method ?? this.scheme ?? this.path ?? this.authority;
    return isRequest === undefined ? undefined : "a response carries request pseudo-header fields";
  }

  /** Why this cannot end a message (§8.1). */
  get trailersProblem(): string | undefined {
    return this.malformed ?? (this.hasPseudoFields ? "trailers carry pseudo-header fields" : undefined);
  }

  #takePseudo({ name, value }: HeaderField): void {
    this.hasPseudoFields = true;
    if (FORBIDDEN_IN_VALUE.test(value)) this.malformed ??= `the value of ${name} holds forbidden characters`;
    switch (name) {
      case ":method":
        this.method = this.#once(name, this.method, value);
        return;
      case ":scheme":
        this.scheme = this.#once(name, this.scheme, value);
        return;
      case ":authority":
        this.authority = this.#once(name, this.authority, value);
        return;
      case ":path":
        this.path = this.#once(name, this.path, value);
        return;
      case ":status":
        this.status = this.#once(name, this.status, value);
        return;
      default:
        this.malformed ??= "an unknown pseudo-header field";
    }
  }

  #once(name: string, before: string | undefined, value: string): string {
    if (before !== undefined) this.malformed ??= `${name} is given twice`;
    return value;
  }

  #takeRegular({ name, value }: HeaderField): void {
    switch (name) {
      case "content-type":
        this.contentType ??= value;
        break;
      case "grpc-timeout":
        this.timeout ??= value;
        break;
      case "grpc-encoding":
        this.encoding ??= value;
        break;
      case "grpc-status":
        this.grpcStatus ??= value;
        break;
      case "grpc-message":
        this.grpcMessage ??= value;
        break;
      case "te":
        if (value !== "trailers") this.malformed ??= "te holds something other than trailers";
        return;
      case "content-length":
        this.#takeContentLength(value);
        return;
      default:
        if (!NAME.test(name)) this.malformed ??= "a field name holds forbidden characters";
        else if (FORBIDDEN_NAMES.has(name)) this.malformed ??= `${name} is forbidden in HTTP/2`;
    }
    if (FORBIDDEN_IN_VALUE.test(value)) this.malformed ??= "a field value holds forbidden characters";
  }

  #takeContentLength(value: string): void {
    if (!CONTENT_LENGTH.test(value)) this.malformed ??= "content-length is no number";
    else if (this.contentLength !== undefined && this.contentLength !== Number(value)) {
      this.malformed ??= "content-length is given twice";
    } else this.contentLength = Number(value);
  }
}

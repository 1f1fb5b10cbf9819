/** The twin of `interop/internal/benchrpc`: large messages and streams, to be measured. */
import { definePluginKind } from "@fairlead/go-plugin";
import { defineMethod, type ClientConnection, type Codec } from "@fairlead/grpc";

/** Size of a message in a stream. */
export const CHUNK_BYTES = 64 * 1024;

const LENGTH_DELIMITED_FIELD_1 = 0x0a;
const VARINT_FIELD_1 = 0x08;

/** google.protobuf.BytesValue */
const bytesValue: Codec<Uint8Array> = {
  encode(value) {
    const prefix = [LENGTH_DELIMITED_FIELD_1, ...varint(value.length)];
    const bytes = Buffer.allocUnsafe(prefix.length + value.length);
    bytes.set(prefix);
    bytes.set(value, prefix.length);
    return bytes;
  },
  decode(bytes) {
    let at = 1;
    while (bytes[at]! >= 0x80) at++;
    return bytes.subarray(at + 1);
  },
};

/** google.protobuf.UInt64Value, of sizes that fit a number. */
const sizeValue: Codec<number> = {
  encode: (value) => Uint8Array.from([VARINT_FIELD_1, ...varint(value)]),
  decode: (bytes) => bytes.subarray(1).reduce((sum, octet, i) => sum + (octet & 0x7f) * 2 ** (7 * i), 0),
};

function varint(value: number): number[] {
  const octets: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) octets.push((rest % 0x80) | 0x80);
  return [...octets, rest];
}

export const echoMethod = defineMethod("unary", "/fairlead.bench.Bench/Echo", bytesValue, bytesValue);
export const uploadMethod = defineMethod("client-streaming", "/fairlead.bench.Bench/Upload", bytesValue, sizeValue);
export const downloadMethod = defineMethod("server-streaming", "/fairlead.bench.Bench/Download", sizeValue, bytesValue);

/** The service as a plugin kind; its implementation needs nothing from outside. */
export const benchKind = definePluginKind<object, ClientConnection>({
  name: "bench",
  register(registrar) {
    registrar.handleUnary(echoMethod, (message) => message);
    registrar.handleClientStream(uploadMethod, async (chunks) => {
      let sumBytes = 0;
      for await (const chunk of chunks) sumBytes += chunk.length;
      return sumBytes;
    });
    registrar.handleServerStream(downloadMethod, chunksOf);
  },
  connect: (connection) => connection,
});

/** So many bytes in messages of {@link CHUNK_BYTES}. */
export async function* chunksOf(sizeBytes: number): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let sentBytes = 0; sentBytes < sizeBytes; sentBytes += CHUNK_BYTES) yield chunk;
}

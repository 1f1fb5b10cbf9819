import { definePluginKind } from "@fairlead/go-plugin";
import { defineMethod } from "@fairlead/grpc";
import type { CallOptions, Codec } from "@fairlead/grpc";

/** The smallest plugin kind: one call that gives back a text. */
export interface Echo {
  echo(text: string, signal: AbortSignal): string | Promise<string>;
}

export interface EchoClient {
  echo(text: string, options?: CallOptions): Promise<string>;
}

const textCodec: Codec<string> = {
  encode: (text) => Buffer.from(text, "utf8"),
  decode: (bytes) => Buffer.from(bytes).toString("utf8"),
};

export const echoMethod = defineMethod("unary", "/test.Echo/Echo", textCodec, textCodec);

export const echoKind = definePluginKind<Echo, EchoClient>({
  name: "echo",
  register(registrar, impl) {
    registrar.handleUnary(echoMethod, (text, call) => impl.echo(text, call.signal));
  },
  connect: (connection) => ({ echo: (text, options) => connection.unary(echoMethod, text, options) }),
});

export const ECHO_HANDSHAKE = { key: "FAIRLEAD_ECHO", value: "5a81b3" };

import { definePluginKind } from "@fairlead/go-plugin";
import type { Broker, BrokeredServer } from "@fairlead/go-plugin";
import { defineMethod } from "@fairlead/grpc";
import type { ClientConnection, Codec, ServiceRegistrar } from "@fairlead/grpc";

const textCodec: Codec<string> = {
  encode: (text) => Buffer.from(text, "utf8"),
  decode: (bytes) => Buffer.from(bytes).toString("utf8"),
};

/** What is called over brokered connections, in both directions. */
export const sayMethod = defineMethod("unary", "/test.Speaker/Say", textCodec, textCodec);

const callBackMethod = defineMethod("unary", "/test.Relay/CallBack", textCodec, textCodec);
const openMethod = defineMethod("unary", "/test.Relay/Open", textCodec, textCodec);
const closeMethod = defineMethod("unary", "/test.Relay/Close", textCodec, textCodec);
const crashMethod = defineMethod("unary", "/test.Relay/Crash", textCodec, textCodec);

/** Answers with the speaker's name in front; "wait" is answered when the caller gives up. */
export function registerSpeaker(registrar: ServiceRegistrar, name: string): void {
  registrar.handleUnary(sayMethod, async (text, call) => {
    if (text === "wait") await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
    return `${name}: ${text}`;
  });
}

export interface RelayClient {
  /** The host's broker. */
  readonly broker: Broker;
  /** Has the plugin dial `id` and say something there; gives back the answer. */
  callBack(id: number, text?: string): Promise<string>;
  /** Has the plugin accept an id of its own. */
  open(): Promise<number>;
  /** Has the plugin close what it accepted. */
  close(id: number): Promise<void>;
  /** Ends the plugin's process with status 3. */
  crash(): Promise<void>;
}

/** A plugin that talks over brokered connections. */
export const relayKind = definePluginKind<object, RelayClient>({
  name: "relay",
  register(registrar, _impl, { broker }) {
    const servers = new Map<number, BrokeredServer>();
    registrar.handleUnary(callBackMethod, async (request) => {
      const [id = "", text = ""] = request.split(" ");
      await using connection = await broker.dial(Number(id));
      return await connection.unary(sayMethod, text);
    });
    registrar.handleUnary(openMethod, async () => {
      const id = broker.nextId();
      servers.set(id, await broker.accept(id, (speaker) => registerSpeaker(speaker, `plugin ${id}`)));
      return String(id);
    });
    registrar.handleUnary(closeMethod, async (id) => {
      await servers.get(Number(id))?.close();
      return "";
    });
    registrar.handleUnary(crashMethod, () => process.exit(3));
  },
  connect: (connection: ClientConnection, { broker }) => ({
    broker,
    callBack: (id, text = "hello") => connection.unary(callBackMethod, `${id} ${text}`),
    open: async () => Number(await connection.unary(openMethod, "")),
    close: async (id) => void (await connection.unary(closeMethod, String(id))),
    crash: async () => void (await connection.unary(crashMethod, "")),
  }),
});

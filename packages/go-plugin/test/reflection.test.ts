import assert from "node:assert/strict";
import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { connectGrpc, defineMethod } from "@fairlead/grpc";
import type { ClientConnection, Codec } from "@fairlead/grpc";
import { provide, startPluginServer } from "@fairlead/go-plugin/serve";
import type { ServedPlugin } from "@fairlead/go-plugin/serve";
import { ownDescriptors } from "../src/protocol/own-descriptors.ts";
import { readFields, writeBytesField } from "../src/protocol/protobuf.ts";
import { shutdownMethod, startStreamMethod, streamStdioMethod } from "../src/protocol/services.ts";
import { ECHO_HANDSHAKE, echoKind } from "./support/echo-kind.ts";
import { Sandbox } from "./support/sandbox.ts";

const bytesCodec: Codec<Uint8Array> = { encode: (message) => message, decode: (bytes) => bytes };
const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const reflection = defineMethod("bidirectional", path, bytesCodec, bytesCodec);

/** One question, by its field number; the answer by its own. */
async function ask(connection: ClientConnection, question: number, text: string, answer: number): Promise<Uint8Array> {
  const call = connection.bidi(reflection);
  await call.send(writeBytesField(question, Buffer.from(text)));
  call.end();
  const [response] = await Array.fromAsync(call);
  const found = readFields(response!).find(({ number }) => number === answer);
  assert.ok(found, `the answer to ${text} has no field ${answer}`);
  return found.bytes;
}

async function askPlugin<T>(served: ServedPlugin, talk: (connection: ClientConnection) => Promise<T>): Promise<T> {
  await using sandbox = new Sandbox();
  await using server = await startPluginServer({
    handshake: ECHO_HANDSHAKE,
    versions: { 1: [served] },
    env: { TMPDIR: sandbox.temporary, [ECHO_HANDSHAKE.key]: ECHO_HANDSHAKE.value },
    stdout: new PassThrough(),
  });
  await using connection = connectGrpc(connect(server.handshakeLine.split("|")[3] ?? ""));
  return await talk(connection);
}

const impl = { echo: (text: string) => text };

describe("a plugin's reflection", { timeout: 30_000 }, () => {
  it("lists the services a plugin written in Go lists [serve:reflection]", async () => {
    const list = await askPlugin(provide(echoKind, impl), (connection) => ask(connection, 7, "*", 6));
    const names = [...readFields(list)].map(({ bytes }) => String(Buffer.from([...readFields(bytes)][0]!.bytes)));
    assert.deepEqual(names, [
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "plugin.GRPCBroker",
      "plugin.GRPCController",
      "plugin.GRPCStdio",
      "test.Echo",
    ]);
  });

  for (const { path } of [shutdownMethod, streamStdioMethod, startStreamMethod]) {
    it(`describes ${path}, and what it imports [serve:reflection]`, async () => {
      const symbol = path.slice(1).replace("/", ".");
      const files = await askPlugin(provide(echoKind, impl), (connection) => ask(connection, 4, symbol, 4));
      const imports = path.includes("Stdio") ? 1 : 0;
      assert.equal([...readFields(files)].length, 1 + imports);
    });
  }

  it("describes a kind by the descriptors it gives, when asked and not before [serve:reflection]", async () => {
    let asked = 0;
    const file = Buffer.concat([writeBytesField(1, Buffer.from("echo.proto")), echoService()]);
    const kind = { ...echoKind, descriptors: () => (asked++, [file]) };
    await askPlugin(provide(kind, impl), async (connection) => {
      await ask(connection, 7, "*", 6);
      assert.equal(asked, 0);
      const files = await ask(connection, 4, "test.Echo.Echo", 4);
      assert.deepEqual(Buffer.from([...readFields(files)][0]!.bytes), file);
      assert.equal(asked, 1);
    });
  });

  it("answers NOT_FOUND for a kind without descriptors [serve:reflection]", async () => {
    const error = await askPlugin(provide(echoKind, impl), (connection) => ask(connection, 4, "test.Echo", 7));
    assert.equal([...readFields(error)][0]?.varint, 5n);
  });

  it("has a descriptor of each schema in proto/ [serve:reflection]", () => {
    assert.equal(ownDescriptors().length, 4);
  });
});

/** `package = 2` and `service = 6` of a FileDescriptorProto; a service's and a method's `name = 1`, `method = 2`. */
function echoService(): Uint8Array {
  const name = writeBytesField(1, Buffer.from("Echo"));
  const service = Buffer.concat([name, writeBytesField(2, name)]);
  return Buffer.concat([writeBytesField(2, Buffer.from("test")), writeBytesField(6, service)]);
}

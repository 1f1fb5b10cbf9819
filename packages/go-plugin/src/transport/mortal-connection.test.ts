import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connectGrpc, createGrpcServer, createStreamPair, defineMethod, GrpcError } from "@fairlead/grpc";
import type { Codec } from "@fairlead/grpc";
import { PluginError } from "../plugin-error.ts";
import { MortalConnection } from "./mortal-connection.ts";

const bytes: Codec<Uint8Array> = { encode: (message) => message, decode: (message) => message };
const unary = defineMethod("unary", "/test.T/Unary", bytes, bytes);
const serverStream = defineMethod("server-streaming", "/test.T/ServerStream", bytes, bytes);
const clientStream = defineMethod("client-streaming", "/test.T/ClientStream", bytes, bytes);
const bidi = defineMethod("bidirectional", "/test.T/Bidi", bytes, bytes);
const nothing = new Uint8Array(0);

async function first<T>(messages: AsyncIterable<T>): Promise<T | undefined> {
  for await (const message of messages) return message;
  return undefined;
}

const calls: readonly (readonly [kind: string, call: (connection: MortalConnection) => Promise<unknown>])[] = [
  ["a unary call", (connection) => connection.unary(unary, nothing)],
  ["a call with a stream of answers", (connection) => first(connection.serverStream(serverStream, nothing))],
  ["a call with a stream of requests", (connection) => connection.clientStream(clientStream, [nothing])],
  ["the answers of a call of two streams", (connection) => first(connection.bidi(bidi))],
  ["the requests of a call of two streams", (connection) => connection.bidi(bidi).send(nothing)],
];

describe("MortalConnection", () => {
  for (const [kind, call] of calls) {
    it(`fails ${kind} after the plugin's end with that as its cause, though the socket had ended before`, async () => {
      const [near, far] = createStreamPair();
      await using server = createGrpcServer();
      server.accept(far);
      const end = new AbortController();
      const connection = new MortalConnection(connectGrpc(near), end.signal);
      far.destroy();
      await connection.closed;
      const gone = new PluginError("ERR_PLUGIN_GONE", "plugin x is gone: exit status 7");
      end.abort(gone);
      await assert.rejects(call(connection), (error) => {
        assert.ok(GrpcError.is(error, "UNAVAILABLE"));
        assert.equal(error.cause, gone);
        assert.match(error.message, /plugin x is gone: exit status 7/);
        return true;
      });
      assert.equal(connection.closeReason, gone);
    });
  }

  it("cuts calls under way", async () => {
    const [near, far] = createStreamPair();
    await using server = createGrpcServer();
    const started = Promise.withResolvers<void>();
    server.handleUnary(unary, async (_request, call) => {
      started.resolve();
      await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
      return nothing;
    });
    server.accept(far);
    const end = new AbortController();
    const call = new MortalConnection(connectGrpc(near), end.signal).unary(unary, nothing);
    const gone = new PluginError("ERR_PLUGIN_GONE", "plugin x is gone: exit status 7");
    void started.promise.then(() => end.abort(gone));
    await assert.rejects(call, (error) => GrpcError.is(error, "UNAVAILABLE") && error.cause === gone);
  });

  it("passes calls on until then", async () => {
    const [near, far] = createStreamPair();
    await using server = createGrpcServer();
    server.handleUnary(unary, (request) => request);
    server.accept(far);
    await using connection = new MortalConnection(connectGrpc(near), new AbortController().signal);
    assert.deepEqual([...(await connection.unary(unary, Uint8Array.of(1, 2)))], [1, 2]);
  });
});

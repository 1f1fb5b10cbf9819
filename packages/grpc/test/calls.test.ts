// What every call promises, over every kind of stream.
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { defineMethod, GrpcError, Metadata, type GrpcServer, type ServerCall } from "../src/index.ts";
import { connectInMemory, connectOverSocket, type Connected, type ConnectOptions } from "./fixtures/connections.ts";
import { Random } from "./fixtures/random.ts";
import { chat, countUp, echo, echoBytes, join, registerEcho, textCodec } from "./fixtures/echo-service.ts";

type Connect = (options: ConnectOptions) => Promise<Connected>;

const hang = defineMethod("unary", "/test.Echo/Hang", textCodec, textCodec);
const hangStream = defineMethod("server-streaming", "/test.Echo/HangStream", textCodec, textCodec);

function describeCalls(name: string, connect: Connect): void {
  suite(name, () => {
    test("a unary call answers", async () => {
      await using pair = await connect({ register: registerEcho });
      assert.equal(await pair.client.unary(echo, "héllo"), "héllo");
    });

    test("an empty message is a message", async () => {
      await using pair = await connect({ register: registerEcho });
      assert.equal(await pair.client.unary(echo, ""), "");
    });

    test("many calls in flight get their own answers", async () => {
      await using pair = await connect({ register: registerEcho });
      const texts = Array.from({ length: 2500 }, (_, i) => `message ${i}`);
      assert.deepEqual(await Promise.all(texts.map((text) => pair.client.unary(echo, text))), texts);
    });

    test("a message of 20 MiB survives both ways", async () => {
      await using pair = await connect({ register: registerEcho });
      const sent = Buffer.alloc(20 * 1024 * 1024);
      for (let i = 0; i < sent.length; i += 4093) sent[i] = i % 251;
      const received = await pair.client.unary(echoBytes, sent);
      assert.equal(Buffer.compare(Buffer.from(received), sent), 0);
    });

    test("messages of all sizes, in flight together, come back as they went", async () => {
      await using pair = await connect({ register: registerEcho });
      const random = new Random(7);
      const messages = Array.from({ length: 400 }, (_, i) =>
        Buffer.alloc(random.below(random.pick([10, 1000, 200_000])), i),
      );
      const answers = await Promise.all(messages.map((sent) => pair.client.unary(echoBytes, sent)));
      for (const [i, answer] of answers.entries()) assert.equal(Buffer.compare(Buffer.from(answer), messages[i]!), 0);
    });

    test("a server stream yields every message in order", async () => {
      await using pair = await connect({ register: registerEcho });
      const received = await Array.fromAsync(pair.client.serverStream(countUp, "3000"));
      assert.deepEqual(
        received,
        Array.from({ length: 3000 }, (_, i) => String(i)),
      );
    });

    test("a client stream is answered once", async () => {
      await using pair = await connect({ register: registerEcho });
      assert.equal(await pair.client.clientStream(join, ["a", "b", "c"]), "a,b,c");
      assert.equal(await pair.client.clientStream(join, []), "");
    });

    test("a bidirectional call answers while it is asked", async () => {
      await using pair = await connect({ register: registerEcho });
      const call = pair.client.bidi(chat);
      const answers = call[Symbol.asyncIterator]();
      for (const text of ["one", "two", "three"]) {
        await call.send(text);
        assert.deepEqual(await answers.next(), { done: false, value: text });
      }
      call.end();
      assert.deepEqual(await answers.next(), { done: true, value: undefined });
    });

    test("metadata travels both ways, text and binary", async () => {
      await using pair = await connect({ register: copyMetadata });
      const metadata = new Metadata([
        ["twice", "a"],
        ["twice", "b"],
        ["raw-bin", Uint8Array.of(0, 255, 1)],
      ]);
      const seen: Metadata[] = [];
      const onHeaders = (headers: Metadata): number => seen.push(headers);
      const onTrailers = (trailers: Metadata): number => seen.push(trailers);
      await pair.client.unary(echo, "x", { metadata, onHeaders, onTrailers });
      assert.equal(seen[0]?.get("seen"), "a+b");
      assert.deepEqual([...seen[1]!.getBinary("copy-bin")!], [0, 255, 1]);
    });

    test("a handler's GrpcError reaches the caller with code, message and trailers", async () => {
      const trailers = new Metadata([["why", "because"]]);
      const register = (server: GrpcServer): void =>
        server.handleUnary(echo, () => {
          throw new GrpcError("FAILED_PRECONDITION", "100% wrong: ☹\n", { trailers });
        });
      await using pair = await connect({ register });
      await assert.rejects(pair.client.unary(echo, "x"), (error) => {
        assert.ok(GrpcError.is(error, "FAILED_PRECONDITION"));
        assert.equal(error.message, "100% wrong: ☹\n");
        assert.equal(error.trailers.get("why"), "because");
        return true;
      });
    });

    test("anything else a handler throws is UNKNOWN with its message", async () => {
      await using pair = await connect({ register: rejectWithTypeError });
      await assert.rejects(pair.client.unary(echo, "x"), { code: "UNKNOWN", message: "no" });
    });

    test("an error after messages of a stream comes after them", async () => {
      await using pair = await connect({ register: failAfterOne });
      const answers = pair.client.serverStream(countUp, "")[Symbol.asyncIterator]();
      assert.deepEqual(await answers.next(), { done: false, value: "first" });
      await assert.rejects(answers.next(), { code: "DATA_LOSS", message: "gone" });
      assert.deepEqual(await answers.next(), { done: true, value: undefined });
    });

    test("unknown methods and services are named in Go's words", async () => {
      await using pair = await connect({ register: registerEcho });
      const elsewhere = (path: string): Promise<string> => pair.client.unary({ ...echo, path }, "x");
      await assert.rejects(elsewhere("/test.Echo/Nope"), {
        code: "UNIMPLEMENTED",
        message: "unknown method Nope for service test.Echo",
      });
      await assert.rejects(elsewhere("/test.Nope/Unary"), {
        code: "UNIMPLEMENTED",
        message: "unknown service test.Nope",
      });
    });

    test("a message over the receiver's limit is RESOURCE_EXHAUSTED, the connection lives on", async () => {
      await using pair = await connect({ register: registerEcho, server: { maxReceiveBytes: 1000 } });
      await assert.rejects(pair.client.unary(echoBytes, Buffer.alloc(1001)), { code: "RESOURCE_EXHAUSTED" });
      assert.equal((await pair.client.unary(echoBytes, Buffer.alloc(1000))).length, 1000);
    });

    test("a response over the client's limit is RESOURCE_EXHAUSTED", async () => {
      await using pair = await connect({ register: registerEcho, client: { maxReceiveBytes: 1000 } });
      await assert.rejects(pair.client.unary(echoBytes, Buffer.alloc(1001)), { code: "RESOURCE_EXHAUSTED" });
      assert.equal(await pair.client.unary(echo, "still here"), "still here");
    });

    test("a message over the sender's limit is not sent", async () => {
      await using pair = await connect({ register: registerEcho, client: { maxSendBytes: 10 } });
      await assert.rejects(pair.client.unary(echoBytes, Buffer.alloc(11)), { code: "RESOURCE_EXHAUSTED" });
    });

    test("a deadline ends the call on both sides", async () => {
      const { register, called } = hangingService();
      await using pair = await connect({ register });
      await assert.rejects(pair.client.unary(hang, "x", { deadlineMs: 30 }), { code: "DEADLINE_EXCEEDED" });
      const call = await called;
      await aborted(call.signal);
      assert.ok(call.deadline instanceof Date);
    });

    test("a deadline that has passed starts no call", async () => {
      await using pair = await connect({ register: registerEcho });
      await assert.rejects(pair.client.unary(echo, "x", { deadlineMs: 0 }), { code: "DEADLINE_EXCEEDED" });
    });

    test("a path that cannot be sent fails its call only", async () => {
      await using pair = await connect({ register: registerEcho });
      await assert.rejects(pair.client.unary({ ...echo, path: "/tést/☺" }, "x"), { code: "INTERNAL" });
      assert.equal(await pair.client.unary(echo, "fine"), "fine");
    });

    test("aborting cancels the call on both sides", async () => {
      const { register, called } = hangingService();
      await using pair = await connect({ register });
      const abort = new AbortController();
      const result = pair.client.unary(hang, "x", { signal: abort.signal });
      const call = await called;
      abort.abort(new TypeError("changed my mind"));
      await assert.rejects(result, (error) => {
        assert.ok(GrpcError.is(error, "CANCELLED"));
        assert.equal((error.cause as Error).message, "changed my mind");
        return true;
      });
      await aborted(call.signal);
      assert.ok(GrpcError.is(call.signal.reason, "CANCELLED"));
    });

    test("a signal that is aborted already starts no call", async () => {
      await using pair = await connect({ register: registerEcho });
      await assert.rejects(pair.client.unary(echo, "x", { signal: AbortSignal.abort() }), { code: "CANCELLED" });
    });

    test("leaving a server stream early cancels it", async () => {
      const { promise: left, resolve } = Promise.withResolvers<void>();
      const register = (server: GrpcServer): void =>
        server.handleServerStream(countUp, async function* () {
          try {
            for (let i = 0; ; i++) yield String(i);
          } finally {
            resolve();
          }
        });
      await using pair = await connect({ register });
      for await (const text of pair.client.serverStream(countUp, "")) if (text === "5") break;
      await left;
    });

    test("a server stream that says nothing can be left too", async () => {
      const { promise, resolve } = Promise.withResolvers<ServerCall>();
      const register = (server: GrpcServer): void =>
        server.handleServerStream(hangStream, async function* (_request, call) {
          resolve(call);
          await aborted(call.signal);
          yield "never";
        });
      await using pair = await connect({ register });
      const answers = pair.client.serverStream(hangStream, "")[Symbol.asyncIterator]();
      const next = answers.next();
      const call = await promise;
      await answers.return?.();
      assert.equal((await next).done, true);
      await aborted(call.signal);
    });

    test("a request stream is let go when the server answers early", async () => {
      await using pair = await connect({ register: answerFirstRequest });
      const { promise: left, resolve } = Promise.withResolvers<void>();
      const endless = async function* (): AsyncGenerator<string, void> {
        try {
          for (let i = 0; ; i++) {
            yield `request ${i}`;
            await new Promise(setImmediate);
          }
        } finally {
          resolve();
        }
      };
      assert.equal(await pair.client.clientStream(join, endless()), "request 0");
      await left;
    });

    test("a source of requests that fails cancels the call", async () => {
      await using pair = await connect({ register: registerEcho });
      await assert.rejects(pair.client.clientStream(join, failing()), (error) => {
        return GrpcError.is(error, "CANCELLED") && (error.cause as Error).message === "source broke";
      });
    });

    test("sending on a call that failed rejects with its error", async () => {
      await using pair = await connect({ register: registerEcho });
      const call = pair.client.bidi({ ...chat, path: "/test.Nope/Chat" });
      await assert.rejects(Array.fromAsync(call), { code: "UNIMPLEMENTED" });
      await assert.rejects(call.send("x"), { code: "UNIMPLEMENTED" });
    });

    test("sending on a call that is over rejects", async () => {
      await using pair = await connect({ register: registerEcho });
      const call = pair.client.bidi(chat);
      call.cancel();
      await assert.rejects(call.send("x"), { code: "CANCELLED" });
    });

    test("a graceful close lets open calls finish and refuses new ones", async () => {
      const { register, called, release } = hangingService();
      await using pair = await connect({ register });
      const result = pair.client.unary(hang, "x");
      await called;
      const closing = pair.client.close();
      await assert.rejects(pair.client.unary(hang, "y"), { code: "UNAVAILABLE" });
      release("done");
      assert.equal(await result, "done");
      await closing;
      assert.equal(pair.client.closeReason, undefined);
    });

    test("a graceful close of the server lets open calls finish", async () => {
      const { register, called, release } = hangingService();
      await using pair = await connect({ register });
      const result = pair.client.unary(hang, "x");
      await called;
      const closing = pair.server.close();
      release("done");
      assert.equal(await result, "done");
      await closing;
      await pair.client.closed;
      await assert.rejects(pair.client.unary(hang, "y"), { code: "UNAVAILABLE" });
    });

    test("grace that has run out cuts open calls", async () => {
      const { register, called } = hangingService();
      await using pair = await connect({ register });
      const result = pair.client.unary(hang, "x");
      const call = await called;
      await Promise.all([assert.rejects(result, { code: "UNAVAILABLE" }), pair.server.close({ graceMs: 20 })]);
      await aborted(call.signal);
    });

    test("destroying the client fails its calls and aborts their handlers", async () => {
      const { register, called } = hangingService();
      await using pair = await connect({ register });
      const result = pair.client.unary(hang, "x");
      const call = await called;
      const reason = new RangeError("plugin exited");
      pair.client.destroy(reason);
      await assert.rejects(result, (error) => GrpcError.is(error, "UNAVAILABLE") && error.cause === reason);
      await pair.client.closed;
      assert.equal(pair.client.closeReason, reason);
      await aborted(call.signal);
    });

    test("a server that ends without a word is noticed by an idle client", async () => {
      await using pair = await connect({ register: registerEcho });
      await pair.client.unary(echo, "x");
      pair.server.destroy();
      await pair.client.closed;
      assert.ok(pair.client.closeReason instanceof Error);
      await assert.rejects(pair.client.unary(echo, "y"), { code: "UNAVAILABLE" });
    });

    test("closing twice is closing once", async () => {
      await using pair = await connect({ register: registerEcho });
      await pair.client.unary(echo, "x");
      await Promise.all([pair.client.close(), pair.client.close()]);
      await pair.client.close();
      await pair.server.close();
      await pair.server.close();
    });
  });
}

/** A unary method that answers only when released. */
function hangingService(): {
  register: (server: GrpcServer) => void;
  called: Promise<ServerCall>;
  release: (answer: string) => void;
} {
  const called = Promise.withResolvers<ServerCall>();
  const answer = Promise.withResolvers<string>();
  const register = (server: GrpcServer): void =>
    server.handleUnary(hang, (_request, call) => {
      called.resolve(call);
      return answer.promise;
    });
  return { register, called: called.promise, release: answer.resolve };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const copyMetadata = (server: GrpcServer): void =>
  server.handleUnary(echo, (request, call) => {
    call.sendHeaders(new Metadata([["seen", call.metadata.getAll("twice").join("+")]]));
    call.trailers.set("copy-bin", call.metadata.getBinary("raw-bin")!);
    return request;
  });

const rejectWithTypeError = (server: GrpcServer): void =>
  server.handleUnary(echo, () => Promise.reject(new TypeError("no")));

const failAfterOne = (server: GrpcServer): void =>
  server.handleServerStream(countUp, async function* () {
    yield "first";
    throw new GrpcError("DATA_LOSS", "gone");
  });

const answerFirstRequest = (server: GrpcServer): void =>
  server.handleClientStream(join, async (requests) => {
    for await (const request of requests) return request;
    return "";
  });

const failing = async function* (): AsyncGenerator<string, void> {
  yield "one";
  throw new RangeError("source broke");
};

describeCalls("in memory", connectInMemory);
describeCalls("over a unix socket", (options) => connectOverSocket(options, "stream"));
describeCalls("over a unix socket read by the caller", (options) => connectOverSocket(options, "caller"));

// What stands between callers, connections and handlers, for all four kinds of calls.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

import {
  defineMethod,
  GrpcError,
  interceptClient,
  interceptServer,
  mapMessages,
  Metadata,
  observeClientCalls,
  observeServerCalls,
  type CallOptions,
  type CallOutcome,
  type ClientConnection,
  type ClientInterceptor,
  type Messages,
  type ServerInterceptor,
} from "../src/index.ts";
import { connectInMemory } from "./fixtures/connections.ts";
import { chat, countUp, echo, join, registerEcho, textCodec } from "./fixtures/echo-service.ts";

const hang = defineMethod("unary", "/test.Echo/Hang", textCodec, textCodec);
const hangStream = defineMethod("server-streaming", "/test.Echo/HangStream", textCodec, textCodec);
const fail = defineMethod("unary", "/test.Echo/Fail", textCodec, textCodec);

/** The four kinds of calls, each answering "a" with "a" when nobody interferes. */
const KINDS: Readonly<Record<string, (client: ClientConnection, options?: CallOptions) => Promise<string>>> = {
  unary: (client, options) => client.unary(echo, "a", options),
  "server-streaming": async (client, options) =>
    (await Array.fromAsync(client.serverStream({ ...countUp, path: "/test.Echo/Repeat" }, "a", options))).join(),
  "client-streaming": (client, options) => client.clientStream(join, ["a"], options),
  bidirectional: async (client, options) => {
    const call = client.bidi(chat, options);
    const sent = call.send("a").then(() => call.end());
    // Fails with the call, whose error is the one to see.
    sent.catch(() => {});
    const answers = await Array.fromAsync(call);
    await sent;
    return answers.join();
  },
};

function connect(client: readonly ClientInterceptor[], server: readonly ServerInterceptor[] = []) {
  return connectInMemory({
    client: { interceptors: client },
    server: { interceptors: server },
    register: (target) => {
      registerEcho(target);
      target.handleServerStream({ ...countUp, path: "/test.Echo/Repeat" }, async function* (request) {
        yield request;
      });
      target.handleUnary(hang, () => new Promise(() => {}));
      target.handleServerStream(hangStream, async function* (_request, call) {
        yield "first";
        await new Promise((_resolve, reject) => {
          call.signal.addEventListener("abort", () => reject(GrpcError.from(call.signal.reason)), { once: true });
        });
      });
      target.handleUnary(fail, (request, call) => {
        call.trailers.set("why", "asked");
        throw new GrpcError("NOT_FOUND", request);
      });
    },
  });
}

const refuse = async (): Promise<never> => {
  throw new GrpcError("PERMISSION_DENIED", "not you");
};
const odd = async (): Promise<never> => {
  throw new RangeError("odd");
};
async function* generated(): AsyncGenerator<string> {
  yield* ["a", "b", "c"];
}
const unexplained = (): never => {
  throw new RangeError("no idea");
};
async function* failing(): AsyncGenerator<string> {
  yield "a";
  throw new GrpcError("ABORTED", "no more");
}

for (const [kind, call] of Object.entries(KINDS)) {
  suite(`${kind} calls`, () => {
    test("pass through interceptors that do nothing", async () => {
      await using pair = await connect([(outgoing, next) => next(outgoing)], [(incoming, next) => next(incoming)]);
      assert.equal(await call(pair.client), "a");
    });

    test("meet interceptors in the order given, the first one outermost, on both sides", async () => {
      const order: string[] = [];
      const named =
        (name: string) =>
        <Call>(passing: Call, next: (passing: Call) => Promise<Messages>): Promise<Messages> => {
          order.push(name);
          return next(passing);
        };
      await using pair = await connect([named("c1"), named("c2")], [named("s1"), named("s2")]);
      assert.equal(await call(pair.client), "a");
      assert.deepEqual(order, ["c1", "c2", "s1", "s2"]);
    });

    test("have their requests and responses changed on the client", async () => {
      await using pair = await connect([
        async (outgoing, next) =>
          mapMessages(
            await next({ ...outgoing, request: mapMessages(outgoing.request, (text) => `<${String(text)}`) }),
            (text) => `${String(text)}>`,
          ),
      ]);
      assert.equal(await call(pair.client), "<a>");
    });

    test("have their requests and responses changed on the server", async () => {
      await using pair = await connect(
        [],
        [
          async (incoming, next) =>
            mapMessages(
              await next({ ...incoming, request: mapMessages(incoming.request, (text) => `<${String(text)}`) }),
              (text) => `${String(text)}>`,
            ),
        ],
      );
      assert.equal(await call(pair.client), "<a>");
    });

    test("carry the metadata interceptors add, which neither the caller nor the handler gave", async () => {
      const seen: unknown[] = [];
      await using pair = await connect(
        [
          (outgoing, next) => {
            const metadata = new Metadata(outgoing.options.metadata).set("event-id", "7");
            return next({ ...outgoing, options: { ...outgoing.options, metadata } });
          },
        ],
        [
          (incoming, next) => next({ ...incoming, metadata: new Metadata(incoming.metadata).set("user", "kim") }),
          (incoming, next) => {
            seen.push(incoming.metadata.get("event-id"), incoming.metadata.get("own"), incoming.metadata.get("user"));
            incoming.trailers.set("served-by", "test");
            return next(incoming);
          },
        ],
      );
      const metadata = new Metadata([["own", "1"]]);
      let trailers: Metadata | undefined;
      assert.equal(await call(pair.client, { metadata, onTrailers: (given) => (trailers = given) }), "a");
      assert.deepEqual(seen, ["7", "1", "kim"]);
      assert.equal(trailers?.get("served-by"), "test");
      assert.equal(metadata.size, 1);
    });

    test("are refused by what an interceptor throws, with its status", async () => {
      for (const [interceptor, expected] of [
        [refuse, { code: "PERMISSION_DENIED", message: "not you" }],
        [odd, { code: "UNKNOWN", message: "odd" }],
      ] as const) {
        await using atClient = await connect([interceptor]);
        await assert.rejects(call(atClient.client), expected);
        await using atServer = await connect([], [interceptor]);
        await assert.rejects(call(atServer.client), expected);
      }
    });

    test("that an interceptor answers itself never reach the server", async () => {
      let handled = 0;
      const streams = kind === "server-streaming" || kind === "bidirectional";
      const answer: ClientInterceptor = async () =>
        streams
          ? {
              kind: "stream",
              messages: (async function* () {
                yield "cached";
              })(),
            }
          : { kind: "single", message: "cached" };
      await using pair = await connect(
        [answer],
        [
          (incoming, next) => {
            handled++;
            return next(incoming);
          },
        ],
      );
      if (kind === "bidirectional") {
        assert.deepEqual(await Array.fromAsync(pair.client.bidi(chat)), ["cached"]);
      } else assert.equal(await call(pair.client), "cached");
      assert.equal(handled, 0);
    });

    test("whose interceptor answers with the wrong kind of response fail", async () => {
      const streams = kind === "server-streaming" || kind === "bidirectional";
      const wrong: ClientInterceptor & ServerInterceptor = async () =>
        streams
          ? { kind: "single", message: "x" }
          : { kind: "stream", messages: (async function* (): AsyncGenerator<string> {})() };
      await using atClient = await connect([wrong]);
      await assert.rejects(call(atClient.client), { code: "INTERNAL" });
      await using atServer = await connect([], [wrong]);
      await assert.rejects(call(atServer.client), { code: "INTERNAL" });
    });

    test("are observed once on each side", async () => {
      const outcomes: CallOutcome[] = [];
      const record = (outcome: CallOutcome): void => void outcomes.push(outcome);
      await using pair = await connect([observeClientCalls(record)], [observeServerCalls(record)]);
      assert.equal(await call(pair.client), "a");
      assert.deepEqual(
        outcomes.map(({ code, requests, responses }) => ({ code, requests, responses })),
        Array.from({ length: 2 }, () => ({ code: "OK", requests: 1, responses: 1 })),
      );
      assert.ok(outcomes.every(({ durationMs }) => durationMs >= 0));
    });

    test("are cancelled and late as without interceptors, whatever interceptors wait for", async () => {
      await using pair = await connect([() => new Promise(() => {})]);
      const abort = new AbortController();
      const cancelled = call(pair.client, { signal: abort.signal });
      abort.abort("enough");
      await assert.rejects(cancelled, { code: "CANCELLED", cause: "enough" });
      await assert.rejects(call(pair.client, { signal: abort.signal }), { code: "CANCELLED", cause: "enough" });
      await assert.rejects(call(pair.client, { deadlineMs: 10 }), { code: "DEADLINE_EXCEEDED" });
    });
  });
}

test("a deadline an interceptor sets is kept on the client and told to the server", async () => {
  let deadline: Date | undefined;
  await using pair = await connect(
    [(outgoing, next) => next({ ...outgoing, options: { ...outgoing.options, deadlineMs: 20 } })],
    [
      (incoming, next) => {
        deadline = incoming.deadline;
        return next(incoming);
      },
    ],
  );
  await assert.rejects(pair.client.unary(hang, ""), { code: "DEADLINE_EXCEEDED" });
  assert.ok(deadline instanceof Date);
});

test("what interceptors wait for counts against the caller's deadline", async () => {
  let leftMs = Number.NaN;
  await using pair = await connect(
    [
      async (outgoing, next) => {
        await delay(50);
        return await next(outgoing);
      },
    ],
    [
      (incoming, next) => {
        leftMs = incoming.deadline!.getTime() - Date.now();
        return next(incoming);
      },
    ],
  );
  assert.equal(await pair.client.unary(echo, "x", { deadlineMs: 60_000 }), "x");
  assert.ok(leftMs < 59_970, `${leftMs} ms are left`);
});

test("a deadline an interceptor sets on the server ends the call, a later one changes nothing", async () => {
  await using early = await connect(
    [],
    [(incoming, next) => next({ ...incoming, deadline: new Date(Date.now() + 10) })],
  );
  await assert.rejects(early.client.unary(hang, ""), {
    code: "DEADLINE_EXCEEDED",
    message: "context deadline exceeded",
  });
  const later = new Date(Date.now() + 3_600_000);
  await using late = await connect([], [(incoming, next) => next({ ...incoming, deadline: later })]);
  await assert.rejects(late.client.unary(hang, "", { deadlineMs: 10 }), { code: "DEADLINE_EXCEEDED" });
});

test("an interceptor may call again, and the caller sees what came last", async () => {
  let attempts = 0;
  const retry: ClientInterceptor = async (call, next) => {
    for (;;) {
      try {
        return await next(call);
      } catch (error) {
        if (attempts >= 3) throw error;
      }
    }
  };
  await using pair = await connect(
    [retry],
    [
      async (call, next) => {
        if (++attempts < 3) throw new GrpcError("UNAVAILABLE", "not yet");
        return await next(call);
      },
    ],
  );
  assert.equal(await pair.client.unary(echo, "x"), "x");
  assert.equal(attempts, 3);
});

test("calls that share a signal share listeners on it, before interceptors and behind them", async () => {
  await using pair = await connect([(call, next) => next(call)]);
  const abort = new AbortController();
  const listeners = (): number => getEventListeners(abort.signal, "abort").length;
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 100; i++) {
    calls.push(pair.client.unary(hang, "", { signal: abort.signal }));
    calls.push(Array.fromAsync(pair.client.serverStream(hangStream, "", { signal: abort.signal })));
  }
  // One of those before interceptors, one of the connection behind them.
  assert.ok(listeners() <= 2, `${listeners()} listeners`);
  abort.abort();
  for (const outcome of await Promise.allSettled(calls)) {
    assert.ok(outcome.status === "rejected" && GrpcError.is(outcome.reason, "CANCELLED"));
  }
  assert.equal(listeners(), 0);
});

test("a signal that speaks for a deadline ends calls with it, whatever interceptors wait for", async () => {
  await using pair = await connect([() => new Promise(() => {})]);
  const late = new GrpcError("DEADLINE_EXCEEDED", "the caller's own is over");
  for (const isLate of [true, false]) {
    const abort = new AbortController();
    if (isLate) abort.abort(late);
    const calls = Object.values(KINDS).map((call) => call(pair.client, { signal: abort.signal }));
    abort.abort(late);
    for (const outcome of await Promise.allSettled(calls))
      assert.equal((outcome as PromiseRejectedResult).reason, late);
  }
});

test("a call an interceptor spoils never reaches the server", async () => {
  let handled = 0;
  const spoil: ClientInterceptor = (call, next) => {
    const { request } = call;
    const { kind } = call.method;
    const isStream = kind === "client-streaming" || kind === "bidirectional";
    assert.equal(request.kind, isStream ? "stream" : "single");
    const broken = { [Symbol.asyncIterator]: () => assert.fail("no iterator") };
    const single: Messages = { kind: "single", message: "x" };
    return next({ ...call, request: isStream && !breaks ? single : { kind: "stream", messages: broken } });
  };
  let breaks = false;
  await using pair = await connect([spoil], [(call, next) => (handled++, next(call))]);
  for (breaks of [false, true]) {
    for (const [kind, call] of Object.entries(KINDS)) {
      if (breaks && kind === "client-streaming") continue;
      await assert.rejects(call(pair.client), (error) => GrpcError.is(error));
    }
  }
  await pair.client.close({ graceMs: 60_000 });
  assert.equal(handled, 0);
});

for (const [name, forget] of [
  ["at once", () => undefined],
  ["later", async () => undefined],
] as const) {
  test(`an interceptor that returns nothing ${name} is told to`, async () => {
    for (const side of ["client", "server"] as const) {
      const forgetful = [forget as unknown as ClientInterceptor & ServerInterceptor];
      await using pair = await (side === "client" ? connect(forgetful) : connect([], forgetful));
      for (const call of Object.values(KINDS)) {
        await assert.rejects(call(pair.client), { code: "INTERNAL", message: /interceptor returned no response/ });
      }
    }
  });
}

test("a stream of requests is not sent again by halves when an interceptor calls again", async () => {
  let attempts = 0;
  let failures = 1;
  const twice: ClientInterceptor = async (call, next) => {
    attempts++;
    const first = await next(call).catch(() => undefined);
    if (first?.kind === "single") return first;
    if (first?.kind === "stream") for await (const _ of first.messages) break;
    return await next(call);
  };
  await using pair = await connectInMemory({
    client: { interceptors: [twice] },
    register: (server) => {
      server.handleClientStream(join, async (requests) => {
        const parts: string[] = [];
        for await (const request of requests) {
          parts.push(request);
          if (failures-- > 0) throw new GrpcError("UNAVAILABLE", "not this time");
        }
        return parts.join(",");
      });
      server.handleBidi(chat, async function* (requests) {
        yield* requests;
      });
    },
  });
  await assert.rejects(pair.client.clientStream(join, generated()), {
    code: "INTERNAL",
    message: /iterated only once/,
  });
  failures = 1;
  await assert.rejects(pair.client.clientStream(join, ["a", "b"].values()), { code: "INTERNAL" });
  failures = 1;
  // What can be iterated again, is.
  assert.equal(await pair.client.clientStream(join, ["a", "b", "c"]), "a,b,c");
  const call = pair.client.bidi(chat);
  await call.send("a");
  await assert.rejects(Array.fromAsync(call), { code: "INTERNAL", message: /iterated only once/ });
  assert.equal(attempts, 4);
});

test("a deadline that is none is refused, and takes no other call's away", async () => {
  const deadline = new Date(Number.NaN);
  const odd: ServerInterceptor = (call, next) =>
    call.metadata.get("odd") !== undefined
      ? next({ ...call, deadline })
      : next({ ...call, deadline: new Date(Date.now() + 20) });
  await using pair = await connect([], [odd]);
  const metadata = new Metadata().set("odd", "yes");
  await Promise.all([
    assert.rejects(pair.client.unary(hang, "", { metadata }), { code: "INTERNAL" }),
    assert.rejects(pair.client.unary(hang, ""), { code: "DEADLINE_EXCEEDED" }),
  ]);
});

test("errors and trailers are observed on both sides", async () => {
  const outcomes: CallOutcome[] = [];
  const record = (outcome: CallOutcome): void => void outcomes.push(outcome);
  await using pair = await connect([observeClientCalls(record)], [observeServerCalls(record)]);
  await assert.rejects(pair.client.unary(fail, "nothing here"), { code: "NOT_FOUND" });
  for (const outcome of outcomes) {
    assert.equal(outcome.code, "NOT_FOUND");
    assert.equal(outcome.error?.message, "nothing here");
    assert.equal(outcome.trailers?.get("why"), "asked");
  }
  assert.equal(outcomes.length, 2);
});

test("a stream left early is seen as cancelled on both sides, and its handler ends", async () => {
  const outcomes: CallOutcome[] = [];
  const server = Promise.withResolvers<CallOutcome>();
  await using pair = await connect(
    [observeClientCalls((outcome) => outcomes.push(outcome))],
    [observeServerCalls(server.resolve)],
  );
  for await (const text of pair.client.serverStream(hangStream, "")) {
    assert.equal(text, "first");
    break;
  }
  assert.equal((await server.promise).code, "CANCELLED");
  assert.deepEqual(
    outcomes.map(({ code, responses }) => [code, responses]),
    [["CANCELLED", 1]],
  );
});

test("a call that its deadline cuts is seen as such on both sides", async () => {
  const client = Promise.withResolvers<CallOutcome>();
  const server = Promise.withResolvers<CallOutcome>();
  await using pair = await connect([observeClientCalls(client.resolve)], [observeServerCalls(server.resolve)]);
  await assert.rejects(pair.client.unary(hang, "", { deadlineMs: 20 }), { code: "DEADLINE_EXCEEDED" });
  assert.equal((await client.promise).code, "DEADLINE_EXCEEDED");
  // Whoever is quicker: the server's own timer, or the client's reset.
  assert.match((await server.promise).code, /^(DEADLINE_EXCEEDED|CANCELLED)$/);
});

test("what a bidirectional caller sends is taken as fast as it is passed on, and fails when the call is over", async () => {
  await using pair = await connect([(outgoing, next) => next(outgoing)]);
  const call = pair.client.bidi(chat);
  const answers = call[Symbol.asyncIterator]();
  for (const text of ["one", "two", "three"]) {
    const sent = call.send(text);
    assert.deepEqual(await answers.next(), { done: false, value: text });
    await sent;
  }
  call.cancel();
  await assert.rejects(answers.next(), { code: "CANCELLED" });
  await assert.rejects(call.send("four"), { code: "CANCELLED" });
  assert.deepEqual(await answers.next(), { done: true, value: undefined });
});

test("a source of requests that fails ends the call with its error, before and behind interceptors", async () => {
  await using pair = await connect([(outgoing, next) => next(outgoing)]);
  await assert.rejects(pair.client.clientStream(join, failing()), { code: "ABORTED", message: "no more" });
  await using changing = await connect([
    (outgoing, next) =>
      next({
        ...outgoing,
        request: mapMessages(outgoing.request, () => {
          throw new GrpcError("INVALID_ARGUMENT", "bad text");
        }),
      }),
  ]);
  const call = changing.client.bidi(chat);
  void call.send("x").catch(() => {});
  await assert.rejects(Array.fromAsync(call), { code: "INVALID_ARGUMENT", message: "bad text" });
});

test("a source of requests is told when nobody reads it any more", async () => {
  const left = Promise.withResolvers<void>();
  const source: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: () => {
        left.resolve();
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  await using pair = await connect([(outgoing, next) => next(outgoing)]);
  const abort = new AbortController();
  const call = pair.client.clientStream(join, source, { signal: abort.signal });
  await pair.client.unary(echo, "the first call is under way");
  abort.abort();
  await assert.rejects(call, { code: "CANCELLED" });
  await left.promise;
});

test("a stream of responses can be iterated once", async () => {
  await using pair = await connect([(outgoing, next) => next(outgoing)]);
  const stream = pair.client.serverStream(countUp, "2");
  assert.deepEqual(await Array.fromAsync(stream), ["0", "1"]);
  assert.throws(() => stream[Symbol.asyncIterator](), { code: "INTERNAL" });
});

test("a listener that throws changes nothing for the call", async () => {
  const warned = Promise.withResolvers<Error>();
  process.once("warning", warned.resolve);
  await using pair = await connect([
    observeClientCalls(() => {
      throw new RangeError("a listener's own");
    }),
  ]);
  assert.equal(await pair.client.unary(echo, "x"), "x");
  assert.equal((await warned.promise).message, "a listener's own");
});

test("a connection without interceptors is the connection itself", async () => {
  await using pair = await connectInMemory({ register: registerEcho });
  assert.equal(interceptClient(pair.client, []), pair.client);
});

test("interceptors may stand before some services only, inside those of the whole server", async () => {
  const order: string[] = [];
  const named =
    (name: string): ServerInterceptor =>
    (call, next) => {
      order.push(`${name} ${call.path}`);
      return next({ ...call, deadline: new Date(Date.now() + 20) });
    };
  await using pair = await connectInMemory({
    server: { interceptors: [named("all")] },
    register: (server) => {
      server.handleUnary(echo, (request) => request);
      const some = interceptServer(server, [named("some")]);
      some.handleUnary(hang, () => new Promise(() => {}));
      some.handleBidi(chat, async function* (requests) {
        yield* requests;
      });
      assert.equal(interceptServer(server, []), server);
    },
  });
  assert.equal(await pair.client.unary(echo, "a"), "a");
  const call = pair.client.bidi(chat);
  call.end();
  assert.deepEqual(await Array.fromAsync(call), []);
  await assert.rejects(pair.client.unary(hang, ""), { code: "DEADLINE_EXCEEDED" });
  assert.deepEqual(
    order,
    ["all", "all", "some", "all", "some"].map((name, i) => `${name} ${[echo, chat, chat, hang, hang][i]!.path}`),
  );
});

test("an error a server answers with can be explained, and no other", async () => {
  await using pair = await connectInMemory({
    client: { explainError: (error) => new GrpcError(error.code, `${error.message}, in other words`) },
    register: (server) => {
      registerEcho(server);
      server.handleUnary(fail, () => {
        throw new GrpcError("NOT_FOUND", "no");
      });
    },
  });
  await assert.rejects(pair.client.unary(fail, ""), { code: "NOT_FOUND", message: "no, in other words" });
  assert.equal(await pair.client.unary(echo, "x"), "x");
  const aborted = AbortSignal.abort();
  await assert.rejects(
    pair.client.unary(echo, "x", { signal: aborted }),
    (error: GrpcError) => !error.message.includes("other words"),
  );
});

test("who explains errors and throws explains nothing", async () => {
  const warned = once(process, "warning");
  await using pair = await connectInMemory({
    client: { explainError: unexplained },
    register: (server) => {
      registerEcho(server);
      server.handleUnary(fail, (request) => {
        throw new GrpcError("NOT_FOUND", request);
      });
    },
  });
  await assert.rejects(pair.client.unary(fail, "gone"), { code: "NOT_FOUND", message: "gone" });
  assert.equal(await pair.client.unary(echo, "still here"), "still here");
  assert.equal(((await warned) as [Error])[0].message, "no idea");
});

test("deadlines of streams nobody reads keep no process alive, those somebody waits for do", async () => {
  const index = JSON.stringify(new URL("../src/index.ts", import.meta.url).href);
  const code = `import { connectGrpc, createStreamPair, defineMethod } from ${index};
    const text = { encode: Buffer.from, decode: String };
    const interceptors = [(call, next) => next(call)];
    const client = connectGrpc(createStreamPair()[0], { interceptors });
    client.serverStream(defineMethod("server-streaming", "/a/B", text, text), "", { deadlineMs: 3_600_000 });
    client.bidi(defineMethod("bidirectional", "/a/C", text, text), { deadlineMs: 3_600_000 });
    client.destroy();
    const hangs = connectGrpc(createStreamPair()[0], { interceptors: [() => new Promise(() => {})] });
    const late = hangs.serverStream(defineMethod("server-streaming", "/a/B", text, text), "", { deadlineMs: 100 });
    await Array.fromAsync(late).catch((error) => console.log(error.code));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
  assert.equal(stdout, "DEADLINE_EXCEEDED\n");
});

test("an intercepted connection closes as the one below", async () => {
  await using pair = await connectInMemory({ register: registerEcho });
  const client = interceptClient(pair.client, [(outgoing, next) => next(outgoing)]);
  await client.close();
  await client.closed;
  assert.equal(client.closeReason, undefined);
  await assert.rejects(client.unary(echo, "x"), { code: "UNAVAILABLE" });
});

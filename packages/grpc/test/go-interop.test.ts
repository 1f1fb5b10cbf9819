// gRPC's own interop tests against grpc-go, both ways, in plaintext and over TLS: `npm run test:grpc-interop`.
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { GrpcError, Metadata, type ClientConnection } from "../src/index.ts";
import { findGoPeer } from "./fixtures/go-peer.ts";
import { connectToGoServer, runGoClient, TRANSPORTS } from "./fixtures/go-interop.ts";
import {
  emptyCall,
  fullDuplexCall,
  inputCall,
  outputCall,
  unaryCall,
  unimplementedCall,
} from "./fixtures/interop-service.ts";

const goClient = findGoPeer("grpc-interop-client");
const goServer = findGoPeer("grpc-interop-server");

const LARGE = { responseSizes: [{ sizeBytes: 314_159, intervalUs: 0 }], payloadBytes: 271_828 };
const PING_PONG = [
  [27_182, 31_415],
  [8, 9],
  [1828, 2653],
  [45_904, 58_979],
] as const;
const SPECIAL_MESSAGE = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP \uD83D\uDE08\t\n";

const CASES = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "cancel_after_begin",
  "cancel_after_first_response",
  "timeout_on_sleeping_server",
  "status_code_and_message",
  "special_status_message",
  "custom_metadata",
  "unimplemented_method",
  "unimplemented_service",
] as const;

for (const transport of TRANSPORTS) {
  suite(`the Go client against our server, ${transport}`, { skip: goClient.skip }, () => {
    for (const name of CASES) {
      test(name, async () => await runGoClient(goClient.path, transport, [`--test_case=${name}`]));
    }
  });
}

const OUR_CASES: Readonly<Record<(typeof CASES)[number], (client: ClientConnection) => Promise<void>>> = {
  empty_unary: async (client) => {
    assert.equal(await client.unary(emptyCall, undefined), undefined);
  },
  large_unary: async (client) => {
    assert.equal(await client.unary(unaryCall, LARGE), 314_159);
  },
  client_streaming: async (client) => {
    assert.equal(await client.clientStream(inputCall, [27_182, 8, 1828, 45_904]), 74_922);
  },
  server_streaming: async (client) => {
    const sizes = [31_415, 9, 2653, 58_979];
    const responseSizes = sizes.map((sizeBytes) => ({ sizeBytes, intervalUs: 0 }));
    const answers = await Array.fromAsync(client.serverStream(outputCall, { responseSizes, payloadBytes: 0 }));
    assert.deepEqual(answers, sizes);
  },
  ping_pong: async (client) => {
    const call = client.bidi(fullDuplexCall);
    const answers = call[Symbol.asyncIterator]();
    for (const [payloadBytes, sizeBytes] of PING_PONG) {
      await call.send({ responseSizes: [{ sizeBytes, intervalUs: 0 }], payloadBytes });
      assert.deepEqual(await answers.next(), { done: false, value: sizeBytes });
    }
    call.end();
    assert.deepEqual(await answers.next(), { done: true, value: undefined });
  },
  empty_stream: async (client) => {
    const call = client.bidi(fullDuplexCall);
    call.end();
    assert.deepEqual(await Array.fromAsync(call), []);
  },
  cancel_after_begin: async (client) => {
    const abort = new AbortController();
    const never: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const call = client.clientStream(inputCall, never, { signal: abort.signal });
    abort.abort();
    await assert.rejects(call, (error) => GrpcError.is(error, "CANCELLED"));
  },
  cancel_after_first_response: async (client) => {
    const call = client.bidi(fullDuplexCall);
    const answers = call[Symbol.asyncIterator]();
    await call.send({ responseSizes: [{ sizeBytes: 31_415, intervalUs: 0 }], payloadBytes: 27_182 });
    assert.equal((await answers.next()).value, 31_415);
    call.cancel();
    await assert.rejects(answers.next(), (error) => GrpcError.is(error, "CANCELLED"));
  },
  timeout_on_sleeping_server: async (client) => {
    const call = client.bidi(fullDuplexCall, { deadlineMs: 1 });
    await call
      .send({ responseSizes: [{ sizeBytes: 31_415, intervalUs: 1_000_000 }], payloadBytes: 27_182 })
      .catch(() => {});
    await assert.rejects(Array.fromAsync(call), (error) => GrpcError.is(error, "DEADLINE_EXCEEDED"));
  },
  status_code_and_message: async (client) => {
    const status = { code: 2, message: "test status message" };
    await assert.rejects(client.unary(unaryCall, { responseSizes: [], payloadBytes: 0, status }), isAsAsked);
    const call = client.bidi(fullDuplexCall);
    await call.send({ responseSizes: [], payloadBytes: 0, status });
    call.end();
    await assert.rejects(Array.fromAsync(call), isAsAsked);
  },
  special_status_message: async (client) => {
    const status = { code: 2, message: SPECIAL_MESSAGE };
    await assert.rejects(
      client.unary(unaryCall, { responseSizes: [], payloadBytes: 0, status }),
      (error) => GrpcError.is(error, "UNKNOWN") && error.message === SPECIAL_MESSAGE,
    );
  },
  custom_metadata: async (client) => {
    const binary = Uint8Array.of(0xab, 0xab, 0xab);
    const metadata = new Metadata([
      ["x-grpc-test-echo-initial", "test_initial_metadata_value"],
      ["x-grpc-test-echo-trailing-bin", binary],
    ]);
    const seen: Metadata[] = [];
    const options = { metadata, onHeaders: (m: Metadata) => seen.push(m), onTrailers: (m: Metadata) => seen.push(m) };
    await client.unary(unaryCall, LARGE, options);
    assert.equal(seen[0]?.get("x-grpc-test-echo-initial"), "test_initial_metadata_value");
    assert.deepEqual(new Uint8Array(seen[1]!.getBinary("x-grpc-test-echo-trailing-bin")!), binary);
  },
  unimplemented_method: async (client) => {
    await assert.rejects(client.unary(unimplementedCall, undefined), (error) => GrpcError.is(error, "UNIMPLEMENTED"));
  },
  unimplemented_service: async (client) => {
    const elsewhere = { ...unimplementedCall, path: "/grpc.testing.UnimplementedService/UnimplementedCall" };
    await assert.rejects(client.unary(elsewhere, undefined), (error) => GrpcError.is(error, "UNIMPLEMENTED"));
  },
};

for (const transport of TRANSPORTS) {
  test(`our client against the Go server, ${transport}`, { skip: goServer.skip }, async (context) => {
    await using connected = await connectToGoServer(goServer.path, transport);
    for (const name of CASES) await context.test(name, () => OUR_CASES[name](connected.client));
  });
}

function isAsAsked(error: unknown): boolean {
  return GrpcError.is(error, "UNKNOWN") && error.message === "test status message";
}

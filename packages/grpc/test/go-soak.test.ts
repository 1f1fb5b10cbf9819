// Many calls against grpc-go, both ways: nothing fails, and nothing is left behind. SOAK_ITERATIONS makes it longer.
import assert from "node:assert/strict";
import { test } from "node:test";

import { GrpcError, type ClientConnection } from "../src/index.ts";
import { findGoPeer } from "./fixtures/go-peer.ts";
import { connectToGoServer, runGoClient, TRANSPORTS } from "./fixtures/go-interop.ts";
import { fullDuplexCall, outputCall, unaryCall } from "./fixtures/interop-service.ts";
import { usedMemoryBytes } from "./fixtures/used-memory.ts";

/** So many that a record kept for each call is more than the bound. */
const ITERATIONS = Number(process.env["SOAK_ITERATIONS"] ?? 1_200);
/** A connection for each iteration takes its time, and one that is kept is large. */
const CHANNELS = Math.ceil(ITERATIONS / 4);
const MAX_GROWTH_BYTES = 1024 * 1024;

const goClient = findGoPeer("grpc-interop-client");
const goServer = findGoPeer("grpc-interop-server");

const LARGE = { responseSizes: [{ sizeBytes: 314_159, intervalUs: 0 }], payloadBytes: 271_828 };

for (const transport of TRANSPORTS) {
  for (const [name, iterations] of [
    ["rpc_soak", ITERATIONS],
    ["channel_soak", CHANNELS],
  ] as const) {
    test(`Go's ${name} against our server, ${transport}`, { skip: goClient.skip }, async () => {
      const limits = ["--soak_overall_timeout_seconds=100", "--soak_per_iteration_max_acceptable_latency_ms=20000"];
      const soak = [`--test_case=${name}`, `--soak_iterations=${iterations}`, "--soak_num_threads=4", ...limits];
      // What is loaded and compiled once does not count.
      await runGoClient(goClient.path, transport, [...soak, "--soak_iterations=200"]);
      const before = await usedMemoryBytes();
      await runGoClient(goClient.path, transport, soak);
      assertBounded(before, await usedMemoryBytes());
    });
  }

  test(`our soak against the Go server, ${transport}`, { skip: goServer.skip }, async () => {
    await using connected = await connectToGoServer(goServer.path, transport);
    await soak(connected.client, 40);
    const before = await usedMemoryBytes();
    await soak(connected.client, ITERATIONS);
    assertBounded(before, await usedMemoryBytes());
  });
}

/** Calls of every kind and every end, four at a time. */
async function soak(client: ClientConnection, iterations: number): Promise<void> {
  for (let i = 0; i < iterations; i += 4) {
    await Promise.all([
      client.unary(unaryCall, LARGE, { deadlineMs: 20_000 }).then((size) => assert.equal(size, 314_159)),
      leaveEarly(client),
      talk(client),
      assert.rejects(
        client.unary(unaryCall, { responseSizes: [], payloadBytes: 0, status: { code: 2, message: "no" } }),
        (error) => GrpcError.is(error, "UNKNOWN"),
      ),
    ]);
  }
}

async function talk(client: ClientConnection): Promise<void> {
  const call = client.bidi(fullDuplexCall);
  const answers = call[Symbol.asyncIterator]();
  for (let i = 0; i < 5; i++) {
    await call.send({ responseSizes: [{ sizeBytes: 1000, intervalUs: 0 }], payloadBytes: 1000 });
    assert.equal((await answers.next()).value, 1000);
  }
  call.end();
  assert.equal((await answers.next()).done, true);
}

/** The server is told to send more than anybody takes. */
async function leaveEarly(client: ClientConnection): Promise<void> {
  const responseSizes = Array.from({ length: 50 }, () => ({ sizeBytes: 50_000, intervalUs: 0 }));
  for await (const size of client.serverStream(outputCall, { responseSizes, payloadBytes: 0 })) {
    assert.equal(size, 50_000);
    break;
  }
}

function assertBounded(beforeBytes: number, afterBytes: number): void {
  const grownBytes = afterBytes - beforeBytes;
  assert.ok(grownBytes < MAX_GROWTH_BYTES, `the calls left ${grownBytes} bytes behind`);
}

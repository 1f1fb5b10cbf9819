// HTTP/2 conformance as h2spec sees it: `npm run test:h2spec`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { promisify } from "node:util";

import { createGrpcServer } from "../src/index.ts";
import { registerEcho } from "./fixtures/echo-service.ts";
import { findGoPeer } from "./fixtures/go-peer.ts";

const h2spec = findGoPeer("h2spec");

test("h2spec passes, all of it", { skip: h2spec.skip }, async (context) => {
  await using server = createGrpcServer();
  registerEcho(server);
  const listener = createServer((socket) => server.accept(socket)).listen(0, "127.0.0.1");
  await once(listener, "listening");
  try {
    const port = String((listener.address() as AddressInfo).port);
    // It exits with 1 when anything fails.
    const { stdout } = await promisify(execFile)(h2spec.path, ["-h", "127.0.0.1", "-p", port, "-o", "5"], {
      timeout: 120_000,
    });
    const summary = /^\d+ tests, .*$/m.exec(stdout)?.[0] ?? "h2spec printed no summary";
    context.diagnostic(`h2spec: ${summary}`);
    assert.match(summary, /^(\d+) tests, \1 passed, 0 skipped, 0 failed$/);
  } finally {
    listener.close();
    server.destroy();
  }
});

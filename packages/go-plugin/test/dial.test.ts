import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import type { PluginAddress } from "@fairlead/go-plugin/host";
import { createIdentity } from "../src/tls/certificate.ts";
import { createPeerTls } from "../src/tls/peer-tls.ts";
import { dialSocket } from "../src/transport/dial.ts";

const tls = createPeerTls(createIdentity(), createIdentity().certificateDer, "plugin");

/** Where a plugin may say that it listens, and nobody can. */
const nowhere: readonly (readonly [what: string, address: PluginAddress])[] = [
  ["a path longer than any socket's", { network: "unix", path: `/tmp/${"x".repeat(300)}` }],
  ["a path of 108 bytes", { network: "unix", path: `/tmp/${"x".repeat(103)}` }],
  ["an abstract name longer than any", { network: "unix", path: `@${"x".repeat(300)}` }],
  ["an abstract name of nothing", { network: "unix", path: "@" }],
  ["a path below a file", { network: "unix", path: "/etc/passwd/socket" }],
  ["a file", { network: "unix", path: "/etc/passwd" }],
  ["a folder", { network: "unix", path: "/tmp" }],
  ["nothing", { network: "unix", path: "/tmp/fl-nobody" }],
  ["a port where nobody listens", { network: "tcp", host: "127.0.0.1", port: 1 }],
  ["a name longer than any", { network: "tcp", host: "x".repeat(60_000), port: 1 }],
  ["a name of other characters", { network: "tcp", host: "\u001b[2J\r\n%", port: 1 }],
];

describe("a connection to where nobody can be", { timeout: 30_000 }, () => {
  for (const [what, address] of nowhere) {
    for (const [name, secure] of [
      ["none", undefined],
      ["auto", tls],
    ] as const) {
      it(`${what} fails and says so, tls ${name} [handshake:unreachable broker:address]`, async () => {
        const { signal } = new AbortController();
        const error: unknown = await dialSocket(address, { peer: "plugin", tls: secure, signal }).then(
          () => assert.fail("connected"),
          (failure: unknown) => failure,
        );
        assert.ok(PluginError.is(error, "ERR_CONNECT_FAILED"), String(error));
        assert.match(error.message, /^cannot connect to the plugin at /);
        assert.ok(error.summary.length < 800 && !/\p{Cc}/u.test(error.summary), "bounded, and printable");
      });
    }
  }
});

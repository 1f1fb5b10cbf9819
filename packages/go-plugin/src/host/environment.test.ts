import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { buildPluginEnvironment } from "./environment.ts";

const facts = {
  env: { HOME: "/root", PLUGIN_DATA: "mine" },
  cookie: { key: "COOKIE", value: "secret" },
  versions: [1, 2],
  ports: { min: 10_000, max: 25_000 },
};

describe("buildPluginEnvironment", () => {
  it("adds what every go-plugin host says to what the caller gave [env:cookie env:versions env:ports]", () => {
    assert.deepEqual(buildPluginEnvironment(facts), {
      HOME: "/root",
      PLUGIN_DATA: "mine",
      COOKIE: "secret",
      PLUGIN_MIN_PORT: "10000",
      PLUGIN_MAX_PORT: "25000",
      PLUGIN_PROTOCOL_VERSIONS: "1,2",
    });
  });

  it("says the host's certificate and the socket folder when there are any [env:client-cert env:socket-dir]", () => {
    const said = { certificatePem: "PEM", socketFolder: "/tmp/x", socketGroup: "staff" };
    const environment = buildPluginEnvironment({ ...facts, ...said });
    assert.equal(environment["PLUGIN_CLIENT_CERT"], "PEM");
    assert.equal(environment["PLUGIN_UNIX_SOCKET_DIR"], "/tmp/x");
    assert.equal(environment["PLUGIN_UNIX_SOCKET_GROUP"], "staff");
  });

  for (const name of [
    "PLUGIN_CLIENT_CERT",
    "PLUGIN_MULTIPLEX_GRPC",
    "PLUGIN_UNIX_SOCKET_DIR",
    "PLUGIN_UNIX_SOCKET_GROUP",
  ]) {
    it(`does not pass on an inherited ${name} [env:built]`, () => {
      assert.equal(name in buildPluginEnvironment({ ...facts, env: { [name]: "leaked" } }), false);
    });
  }

  it("does not let the caller's environment replace the protocol's", () => {
    const env = { COOKIE: "other", PLUGIN_PROTOCOL_VERSIONS: "9", PLUGIN_MIN_PORT: "1" };
    const environment = buildPluginEnvironment({ ...facts, env });
    assert.equal(environment["COOKIE"], "secret");
    assert.equal(environment["PLUGIN_PROTOCOL_VERSIONS"], "1,2");
    assert.equal(environment["PLUGIN_MIN_PORT"], "10000");
  });

  it("keeps a variable of any name as an own property", () => {
    const env = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    assert.ok(Object.hasOwn(buildPluginEnvironment({ ...facts, env }), "__proto__"));
  });
});

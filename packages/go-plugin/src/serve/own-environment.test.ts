import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { takeHostVariables } from "./own-environment.ts";

describe("takeHostVariables", () => {
  it("leaves everything but the host's words, and gives back all of it [env:nested]", () => {
    const environment = {
      HOME: "/root",
      PLUGIN_DATA: "mine",
      COOKIE: "x",
      PLUGIN_PROTOCOL_VERSIONS: "1",
      PLUGIN_CLIENT_CERT: "PEM",
      PLUGIN_MIN_PORT: "1",
      PLUGIN_MAX_PORT: "2",
      PLUGIN_MULTIPLEX_GRPC: "true",
      PLUGIN_UNIX_SOCKET_DIR: "/tmp/x",
      PLUGIN_UNIX_SOCKET_GROUP: "users",
    };
    const before = { ...environment };
    assert.deepEqual(takeHostVariables("COOKIE", environment), before);
    assert.deepEqual(environment, { HOME: "/root", PLUGIN_DATA: "mine" });
  });
});

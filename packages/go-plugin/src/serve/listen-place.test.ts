import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readListenPlace } from "./listen-place.ts";

describe("readListenPlace", () => {
  it("takes the host's folder and group, and the temporary folder", () => {
    const env = { PLUGIN_UNIX_SOCKET_DIR: "/d", PLUGIN_UNIX_SOCKET_GROUP: "g", TMPDIR: "/t" };
    assert.deepEqual(readListenPlace(env, "linux"), {
      folder: "/d",
      ownsFolder: false,
      group: "g",
      temporaryFolder: "/t",
    });
  });

  it("owns a folder that the host made for it only", () => {
    const folder = "/t/fairlead-plugin-abc";
    assert.deepEqual(readListenPlace({ PLUGIN_UNIX_SOCKET_DIR: folder }, "linux"), { folder, ownsFolder: true });
  });

  it("takes an empty variable for none", () => {
    assert.deepEqual(readListenPlace({ PLUGIN_UNIX_SOCKET_DIR: "", PLUGIN_UNIX_SOCKET_GROUP: "" }, "linux"), {});
  });

  it("takes the host's range of ports on Windows, any port when there is none", () => {
    const env = { PLUGIN_MIN_PORT: "10000", PLUGIN_MAX_PORT: "25000" };
    assert.deepEqual(readListenPlace(env, "win32"), { ports: { min: 10_000, max: 25_000 } });
    assert.deepEqual(readListenPlace({}, "win32"), { ports: { min: 0, max: 0 } });
  });

  for (const [min, max, text] of [
    ["x", "1", /couldn't get value from PLUGIN_MIN_PORT/],
    ["1", "70000", /couldn't get value from PLUGIN_MAX_PORT/],
  ] as const) {
    it(`refuses the range ${min} to ${max}`, () => {
      const env = { PLUGIN_MIN_PORT: min, PLUGIN_MAX_PORT: max };
      assert.throws(() => readListenPlace(env, "win32"), { code: "ERR_LISTEN_FAILED", message: text });
    });
  }
});

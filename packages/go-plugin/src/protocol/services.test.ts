import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { shutdownMethod, startStreamMethod, stdioDataCodec, streamStdioMethod } from "./services.ts";

describe("plugin.StdioData", () => {
  it("is written as go-plugin writes it", () => {
    const bytes = stdioDataCodec.encode({ channel: "stderr", data: Buffer.from("hi") });
    assert.deepEqual(Buffer.from(bytes), Buffer.from([0x08, 0x02, 0x12, 0x02, 0x68, 0x69]));
  });

  it("reads back what it writes, also above 127 bytes", () => {
    const message = { channel: "stdout" as const, data: Buffer.alloc(300, 7) };
    assert.deepEqual(stdioDataCodec.decode(stdioDataCodec.encode(message)), message);
  });

  it("takes missing fields as defaults", () => {
    assert.deepEqual(stdioDataCodec.decode(new Uint8Array(0)), { channel: undefined, data: new Uint8Array(0) });
  });

  it("skips fields it does not know, of every wire type", () => {
    const unknown = Buffer.from("1896011d00000000210000000000000000220161", "hex");
    const known = stdioDataCodec.encode({ channel: "stdout", data: Buffer.from("x") });
    assert.equal(stdioDataCodec.decode(Buffer.concat([unknown, known])).channel, "stdout");
  });

  it("leaves channels that do not exist without a name", () => {
    assert.equal(stdioDataCodec.decode(Buffer.from([0x08, 0x09])).channel, undefined);
  });

  for (const [what, hex] of [
    ["a length beyond the message", "12ff01"],
    ["a cut varint", "0880"],
    ["an endless varint", `08${"ff".repeat(11)}`],
    ["field number 0", "0001"],
    ["a group", "0b0c"],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => stdioDataCodec.decode(Buffer.from(hex, "hex")), RangeError);
    });
  }
});

describe("the schema in proto/", () => {
  it("has the services and methods that are called", () => {
    const schema = globSync(new URL("../../proto/*.proto", import.meta.url).pathname)
      .map((file) => readFileSync(file, "utf8"))
      .join("\n");
    for (const method of [shutdownMethod, streamStdioMethod, startStreamMethod]) {
      const [, service, name] = /^\/plugin\.(\w+)\/(\w+)$/.exec(method.path) ?? [];
      assert.match(schema, new RegExp(`service ${service} \\{[^}]*rpc ${name}\\(`));
    }
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatReattachInfo, parseReattachInfo } from "./reattach-info.ts";
import type { ReattachInfo } from "./reattach-info.ts";

const unix: ReattachInfo = {
  protocolVersion: 5,
  address: { network: "unix", path: "/tmp/s" },
  pid: 4711,
  test: true,
};
const unixText =
  '{"Protocol":"grpc","ProtocolVersion":5,"Pid":4711,"Test":true,"Addr":{"Network":"unix","String":"/tmp/s"}}';

describe("reattach information", () => {
  it("is written as Terraform reads it [reattach:format]", () => {
    assert.equal(formatReattachInfo(unix), unixText);
  });

  it("is read as it was written, on both networks [reattach:format]", () => {
    const tcp: ReattachInfo = { ...unix, address: { network: "tcp", host: "::1", port: 1234 }, test: false };
    for (const info of [unix, tcp]) assert.deepEqual(parseReattachInfo(formatReattachInfo(info)), info);
  });

  it("is found in a TF_REATTACH_PROVIDERS, the only entry or the named one [reattach:format]", () => {
    const one = `{"registry.terraform.io/a/b":${unixText}}`;
    const two = `{"x":${unixText.replace("4711", "12")},"y":${unixText}}`;
    assert.deepEqual(parseReattachInfo(one), unix);
    assert.deepEqual(parseReattachInfo(two, "y"), unix);
  });

  const entry = JSON.parse(unixText) as Readonly<Record<string, unknown>>;
  const wrong: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    ["no JSON", "1|1|unix", /it is not JSON/],
    ["no object", "[]", /it is not a JSON object/],
    ["null", "null", /it is not a JSON object/],
    ["far too long", `"${"x".repeat(70_000)}"`, /it has 70002 characters/],
    ["several entries and no name", `{"x":${unixText},"y":${unixText}}`, /it has 2 entries: say which one to take/],
    ["an entry that is no object", '{"x":7}', /it has no entry "x"/],
    ["a process group", JSON.stringify({ ...entry, Pid: -1 }), /Pid is not the id of a process/],
    ["every process of its group", JSON.stringify({ ...entry, Pid: 0 }), /Pid is not the id of a process/],
    ["a text as id", JSON.stringify({ ...entry, Pid: "1" }), /Pid is not the id of a process/],
    ["half a version", JSON.stringify({ ...entry, ProtocolVersion: 1.5 }), /ProtocolVersion is no whole number/],
    ["a test that is no truth value", JSON.stringify({ ...entry, Test: "yes" }), /Test is neither true nor false/],
    ["no address", JSON.stringify({ ...entry, Addr: "/tmp/s" }), /Addr is not an object/],
    [
      "an unknown network",
      JSON.stringify({ ...entry, Addr: { Network: "vsock", String: "3" } }),
      /Addr: unknown address type: 3/,
    ],
    [
      "a port that is none",
      JSON.stringify({ ...entry, Addr: { Network: "tcp", String: "h:99999" } }),
      /Addr: address h:99999: invalid port/,
    ],
  ];
  for (const [what, text, message] of wrong) {
    it(`that is ${what} is refused [reattach:format]`, () => {
      assert.throws(() => parseReattachInfo(text), { code: "ERR_INVALID_OPTION", message });
    });
  }

  it("has no entries from the prototype of objects [reattach:format]", () => {
    assert.throws(() => parseReattachInfo("{}", "__proto__"), { code: "ERR_INVALID_OPTION" });
    assert.throws(() => parseReattachInfo('{"x":{}}', "toString"), { code: "ERR_INVALID_OPTION" });
  });

  it("of a net/rpc plugin is refused in Go's words [reattach:format]", () => {
    for (const protocol of ["netrpc", "", undefined]) {
      assert.throws(() => parseReattachInfo(JSON.stringify({ ...entry, Protocol: protocol })), {
        code: "ERR_UNSUPPORTED_PROTOCOL",
        message: /unsupported plugin protocol "netrpc"/,
      });
    }
  });
});

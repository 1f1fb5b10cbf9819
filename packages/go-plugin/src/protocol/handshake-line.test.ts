import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PluginError } from "../plugin-error.ts";
import type { PluginErrorCode } from "../error-codes.ts";
import { formatHandshakeLine, parseHandshakeLine, quoteLine } from "./handshake-line.ts";

const unix = { network: "unix", path: "/tmp/p.sock" } as const;

describe("formatHandshakeLine", () => {
  it("always writes six fields [serve:line]", () => {
    const line = formatHandshakeLine({ appVersion: 3, address: unix, certificate: undefined });
    assert.equal(line, "1|3|unix|/tmp/p.sock|grpc|");
  });

  it("writes the certificate as base64 without padding", () => {
    const line = formatHandshakeLine({ appVersion: 1, address: unix, certificate: new Uint8Array(70).fill(0xfb) });
    const field = line.split("|")[5] ?? "";
    assert.doesNotMatch(field, /=/);
    assert.match(field, /[+/]/);
    assert.deepEqual(Buffer.from(field, "base64"), Buffer.alloc(70, 0xfb));
  });

  it("writes the seventh field only when it is given", () => {
    const line = formatHandshakeLine({ appVersion: 1, address: unix, certificate: undefined, multiplex: false });
    assert.equal(line, "1|1|unix|/tmp/p.sock|grpc||false");
  });

  it("writes tcp addresses as host and port", () => {
    const address = { network: "tcp", host: "127.0.0.1", port: 10_000 } as const;
    assert.equal(
      formatHandshakeLine({ appVersion: 1, address, certificate: undefined }),
      "1|1|tcp|127.0.0.1:10000|grpc|",
    );
  });
});

describe("parseHandshakeLine", () => {
  it("reads back what formatHandshakeLine writes", () => {
    const handshake = { appVersion: 7, address: unix, certificate: new Uint8Array(200).fill(9) };
    const read = parseHandshakeLine(formatHandshakeLine(handshake), [7]);
    assert.equal(read.appVersion, 7);
    assert.deepEqual(read.address, unix);
    assert.deepEqual(Buffer.from(read.certificate ?? []), Buffer.alloc(200, 9));
  });

  it("ignores white space around the line and fields it does not know", () => {
    assert.equal(parseHandshakeLine(" 1|1|unix|/s|grpc||true|more|\r\n", [1]).certificate, undefined);
  });

  it("ignores a short sixth field of old plugins", () => {
    assert.equal(parseHandshakeLine(`1|1|unix|/s|grpc|${"A".repeat(50)}`, [1]).certificate, undefined);
    assert.notEqual(parseHandshakeLine(`1|1|unix|/s|grpc|${"A".repeat(51)}`, [1]).certificate, undefined);
  });

  it("accepts version 0", () => {
    assert.equal(parseHandshakeLine("1|0|unix|/s|grpc|", [0]).appVersion, 0);
  });

  for (const [address, host, port] of [
    ["127.0.0.1:1234", "127.0.0.1", 1234],
    [":1234", "127.0.0.1", 1234],
    ["localhost:80", "localhost", 80],
    ["[::1]:80", "::1", 80],
  ] as const) {
    it(`reads the tcp address ${address} [handshake:address]`, () => {
      assert.deepEqual(parseHandshakeLine(`1|1|tcp|${address}|grpc|`, [1]).address, { network: "tcp", host, port });
    });
  }

  const bad: readonly (readonly [line: string, code: PluginErrorCode, text: string])[] = [
    ["", "ERR_HANDSHAKE_MALFORMED", "Unrecognized remote plugin message: (an empty line)"],
    ["hello world", "ERR_HANDSHAKE_MALFORMED", "Unrecognized remote plugin message: hello world"],
    ["1|1|unix", "ERR_HANDSHAKE_MALFORMED", "Unrecognized remote plugin message: 1|1|unix"],
    [
      "x|1|unix|/s|grpc|",
      "ERR_HANDSHAKE_MALFORMED",
      'error parsing core protocol version: strconv.Atoi: parsing "x": invalid syntax',
    ],
    [
      "2|1|unix|/s|grpc|",
      "ERR_CORE_VERSION",
      "incompatible core API version with plugin. Plugin version: 2, Core version: 1\n\nTo fix this, the plugin usually only needs to be recompiled.\nPlease report this to the plugin author",
    ],
    ["1|a|unix|/s|grpc|", "ERR_HANDSHAKE_MALFORMED", 'Error parsing protocol version "a": strconv.Atoi'],
    [
      "1|7|unix|/s|grpc|",
      "ERR_APP_VERSION",
      "incompatible API version with plugin. Plugin version: 7, Client versions: [1 2]",
    ],
    ["1|1|pipe|/s|grpc|", "ERR_HANDSHAKE_MALFORMED", "unknown address type: /s"],
    ["1|1|tcp|nope|grpc|", "ERR_HANDSHAKE_MALFORMED", "address nope: missing port in address"],
    ["1|1|tcp|h:0|grpc|", "ERR_HANDSHAKE_MALFORMED", "invalid port"],
    ["1|1|unix||grpc|", "ERR_HANDSHAKE_MALFORMED", "invalid unix address"],
    ["1|1|unix|/s", "ERR_UNSUPPORTED_PROTOCOL", 'unsupported plugin protocol "netrpc". Supported: [grpc]'],
    ["1|1|unix|/s|netrpc|", "ERR_UNSUPPORTED_PROTOCOL", 'unsupported plugin protocol "netrpc". Supported: [grpc]'],
    [`1|1|unix|/s|grpc|${"A".repeat(60)}*`, "ERR_TLS_IDENTITY", "illegal base64 data at input byte 60"],
  ];
  for (const [line, code, text] of bad) {
    it(`refuses ${JSON.stringify(quoteLine(line).slice(0, 40))} with go-plugin's words [handshake:fields]`, () => {
      assert.throws(
        () => parseHandshakeLine(line, [1, 2]),
        (error) => {
          assert.ok(PluginError.is(error, code), String(error));
          assert.ok(error.message.includes(text), error.message);
          return true;
        },
      );
    });
  }

  it("checks in go-plugin's order [handshake:fields]", () => {
    assert.throws(() => parseHandshakeLine("2|9|pipe|x|netrpc|", [1]), { code: "ERR_CORE_VERSION" });
    assert.throws(() => parseHandshakeLine("1|9|pipe|x|netrpc|", [1]), { code: "ERR_APP_VERSION" });
    assert.throws(() => parseHandshakeLine("1|1|unix|x|netrpc|###", [1]), { code: "ERR_UNSUPPORTED_PROTOCOL" });
  });

  it("never puts control characters or a flood into its errors", () => {
    assert.throws(
      () => parseHandshakeLine(`\u001b[2J${"x".repeat(10_000)}`, [1]),
      (error) => PluginError.is(error) && error.message.length < 1_000 && !error.message.includes("\u001b"),
    );
  });
});

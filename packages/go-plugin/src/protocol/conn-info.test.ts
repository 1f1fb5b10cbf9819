import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connInfoCodec } from "./conn-info.ts";
import type { ConnInfo } from "./conn-info.ts";

// As google.golang.org/protobuf writes them.
const samples: readonly (readonly [what: string, hex: string, info: ConnInfo])[] = [
  ["nothing", "", { serviceId: 0, network: "", address: "" }],
  [
    "an address",
    "08011204756e69781a042f61c3a9",
    {
      serviceId: 1,
      network: "unix",
      address: "/aé",
    },
  ],
  ["the largest id", "08ffffffff0f", { serviceId: 0xff_ff_ff_ff, network: "", address: "" }],
  [
    "a knock",
    "080722020801",
    { serviceId: 7, network: "", address: "", knock: { knock: true, ack: false, error: "" } },
  ],
  [
    "a refusal",
    "08072207080110011a016e",
    { serviceId: 7, network: "", address: "", knock: { knock: true, ack: true, error: "n" } },
  ],
  [
    "an empty knock",
    "08072200",
    { serviceId: 7, network: "", address: "", knock: { knock: false, ack: false, error: "" } },
  ],
];

describe("connInfoCodec", () => {
  for (const [what, hex, info] of samples) {
    it(`reads and writes ${what} as Go does`, () => {
      assert.deepEqual(connInfoCodec.decode(Buffer.from(hex, "hex")), info);
      assert.equal(Buffer.from(connInfoCodec.encode(info)).toString("hex"), hex);
    });
  }

  it("skips fields it does not know", () => {
    const { serviceId } = connInfoCodec.decode(Buffer.from("28010807320161", "hex"));
    assert.equal(serviceId, 7);
  });

  it("keeps 32 bits of an id, as Go does", () => {
    assert.equal(connInfoCodec.decode(Buffer.from("088180808010", "hex")).serviceId, 1);
  });

  it("refuses what ends too early", () => {
    assert.throws(() => connInfoCodec.decode(Buffer.from("0801120475", "hex")), RangeError);
  });

  it("refuses what is longer than any address", () => {
    const info = { serviceId: 1, network: "unix", address: "x".repeat(8 * 1024) };
    assert.throws(() => connInfoCodec.decode(connInfoCodec.encode(info)), RangeError);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SftpError } from "../sftp-error.ts";
import { PacketReader } from "./packet-reader.ts";
import { decodeOpenFlags, decodeRequest } from "./requests.ts";
import type { Request } from "./requests.ts";

const A = "000000022f61";
const B = "000000022f62";
const HANDLE = "0000000400000007";
const NO_ATTRIBUTES = "00000000";
const MODE = "00000004000001ff";
const NO_IDS = "00000000";
const U64 = "0000000200000001";
const POSITION = 2 * 2 ** 32 + 1;
const READ_ONLY = { read: true, write: false, append: false, create: false, truncate: false, exclusive: false };

const text = (value: string): string =>
  value.length.toString(16).padStart(8, "0") + Buffer.from(value, "latin1").toString("hex");

const CASES: readonly (readonly [type: number, hex: string, request: Request])[] = [
  [3, A + "00000001" + MODE, { kind: "open", path: "/a", flags: READ_ONLY, attributes: { mode: 0o777 } }],
  [4, HANDLE, { kind: "close", handle: 7 }],
  [5, HANDLE + U64 + "00008000", { kind: "read", handle: 7, position: POSITION, lengthBytes: 32_768 }],
  [6, HANDLE + U64 + text("xy"), { kind: "write", handle: 7, position: POSITION, data: Buffer.from("xy") }],
  [7, A, { kind: "lstat", path: "/a" }],
  [8, HANDLE, { kind: "fstat", handle: 7 }],
  [9, A + MODE, { kind: "setstat", path: "/a", attributes: { mode: 0o777 } }],
  [10, HANDLE + NO_ATTRIBUTES, { kind: "fsetstat", handle: 7, attributes: {} }],
  [11, A, { kind: "opendir", path: "/a" }],
  [12, HANDLE, { kind: "readdir", handle: 7 }],
  [13, A, { kind: "remove", path: "/a" }],
  [14, A + NO_ATTRIBUTES, { kind: "mkdir", path: "/a", attributes: {} }],
  [15, A, { kind: "rmdir", path: "/a" }],
  [16, "00000000", { kind: "realpath", path: "" }],
  [17, A, { kind: "stat", path: "/a" }],
  [18, A + B, { kind: "rename", from: "/a", to: "/b" }],
  [19, A, { kind: "readlink", path: "/a" }],
  [20, A + B, { kind: "symlink", target: "/a", linkPath: "/b" }],
  [200, text("posix-rename@openssh.com") + A + B, { kind: "posix-rename", from: "/a", to: "/b" }],
  [200, text("hardlink@openssh.com") + A + B, { kind: "hardlink", from: "/a", to: "/b" }],
  [200, text("statvfs@openssh.com") + A, { kind: "statvfs", path: "/a" }],
  [200, text("fstatvfs@openssh.com") + HANDLE, { kind: "fstatvfs", handle: 7 }],
  [200, text("fsync@openssh.com") + HANDLE, { kind: "fsync", handle: 7 }],
  [200, text("lsetstat@openssh.com") + A + MODE, { kind: "lsetstat", path: "/a", attributes: { mode: 0o777 } }],
  [200, text("limits@openssh.com"), { kind: "limits" }],
  [200, text("expand-path@openssh.com") + A, { kind: "expand-path", path: "/a" }],
  [200, text("home-directory") + text("me"), { kind: "home-directory", username: "me" }],
  [
    200,
    text("copy-data") + HANDLE + U64 + U64 + "0000000400000008" + U64,
    {
      kind: "copy-data",
      from: 7,
      position: POSITION,
      lengthBytes: POSITION,
      to: 8,
      targetPosition: POSITION,
    },
  ],
  [
    200,
    text("users-groups-by-id@openssh.com") + "000000080000000100000002" + NO_IDS,
    { kind: "users-groups-by-id", uids: [1, 2], gids: [] },
  ],
];

describe("request decoder", () => {
  for (const [type, hex, request] of CASES) {
    it(`decodes ${request.kind}`, () => {
      assert.deepEqual(decodeRequest(type, new PacketReader(Buffer.from(hex, "hex"))), request);
    });

    it(`refuses ${request.kind} wherever it is cut short`, () => {
      for (let length = 0; length < hex.length; length += 2) {
        const cut = new PacketReader(Buffer.from(hex.slice(0, length), "hex"));
        assert.throws(
          () => decodeRequest(type, cut),
          (error) => SftpError.is(error, "BAD_MESSAGE"),
        );
      }
    });

    it(`ignores what follows ${request.kind}`, () => {
      assert.deepEqual(decodeRequest(type, new PacketReader(Buffer.from(`${hex}ffff`, "hex"))), request);
    });
  }

  it("says of other types that they are unsupported", () => {
    for (const type of [0, 1, 2, 21, 101, 105, 201, 255]) {
      const reader = new PacketReader(Buffer.alloc(0));
      assert.throws(
        () => decodeRequest(type, reader),
        (error) => SftpError.is(error, "OP_UNSUPPORTED"),
      );
    }
  });
});

describe("open flags", () => {
  const cases: readonly (readonly [bits: number, set: string])[] = [
    [0x00, "read"],
    [0x01, "read"],
    [0x02, "write"],
    [0x03, "read write"],
    [0x04, "write append"],
    [0x06, "write append"],
    [0x1a, "write create truncate"],
    [0x2a, "write create exclusive"],
    [0x22, "write"],
    [0x11, "read"],
    [0xffff_ffc1, "read"],
  ];
  for (const [bits, set] of cases) {
    it(`0x${bits.toString(16)} mean ${set}`, () => {
      const flags = Object.entries(decodeOpenFlags(bits)).filter(([, isSet]) => isSet);
      assert.equal(flags.map(([name]) => name).join(" "), set);
    });
  }
});

// Our client held to the rules that h2spec holds servers to, case by case; see fixtures/client-rules.ts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { suite, test } from "node:test";

import {
  CLIENT_PREFACE,
  FLAG_ACK,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_PRIORITY,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
} from "../src/frames/frame-types.ts";
import { HpackDecoder } from "../src/hpack/index.ts";
import { connectGrpc, createStreamPair, GrpcError, type BidiCall, type ClientConnection } from "../src/index.ts";
import { CLIENT_RULES, type ClientRule, type Say } from "./fixtures/client-rules.ts";
import { chat, echo } from "./fixtures/echo-service.ts";
import { findGoPeer } from "./fixtures/go-peer.ts";
import { frame, message, RawPeer, RESPONSE_HEAD, setting, uint32, type RawFrame } from "./fixtures/raw-peer.ts";

const OK = { name: "grpc-status", value: "0" };
const RULES = Object.entries(CLIENT_RULES);

suite("the server may say, and the client goes on:", () => {
  for (const [title, rule] of RULES) {
    if (rule.is === "sound") test(title, async () => await expectAnswer(rule.say, rule.answers === true));
    if (rule.is === "afterwards") test(title, async () => await expectToGoOn(rule));
  }
});

suite("the server breaks one stream:", () => {
  for (const [title, rule] of RULES) {
    if (rule.is === "stream") test(title, async () => await expectReset(rule));
  }
});

suite("the server loses its connection:", () => {
  for (const [title, rule] of RULES) {
    if (rule.is === "connection") test(title, async () => await expectGoaway(rule.say, rule.code));
  }
});

const told = new Set<string>();

suite("told apart:", () => {
  tell("generic/1/1 Sends a client connection preface", async () => {
    const [near, far] = createStreamPair();
    const client = connectGrpc(near);
    const [bytes] = (await Array.fromAsync(far.take(1))) as [Buffer];
    assert.deepEqual(bytes.subarray(0, CLIENT_PREFACE.length), CLIENT_PREFACE);
    assert.deepEqual([bytes[CLIENT_PREFACE.length + 3], bytes[CLIENT_PREFACE.length + 4]], [FRAME_SETTINGS, 0]);
    client.destroy();
  });

  const HALF_CLOSED: Readonly<Record<string, Say>> = {
    "generic/2/2 Sends a WINDOW_UPDATE frame on half-closed (remote) stream": (peer) =>
      peer.send(frame(FRAME_WINDOW_UPDATE, 0, 1, uint32(1))),
    "generic/2/3 Sends a PRIORITY frame on half-closed (remote) stream": (peer) =>
      peer.send(frame(FRAME_PRIORITY, 0, 1, Buffer.from([0, 0, 0, 3, 1]))),
    "generic/2/4 Sends a RST_STREAM frame on half-closed (remote) stream": (peer) =>
      peer.send(frame(FRAME_RST_STREAM, 0, 1, uint32(8))),
    // A client whose server has ended leaves the stream too: what the server had under way for it is dropped (§5.1).
    "http2/5.1/5 half closed (remote): Sends a DATA frame": (peer) => peer.data(1, message("again")),
    "http2/5.1/6 half closed (remote): Sends a HEADERS frame": (peer) => peer.headers(1, RESPONSE_HEAD),
  };
  for (const [title, say] of Object.entries(HALF_CLOSED)) {
    tell(title, async () => {
      using host = dial();
      await endByServer(host);
      say(host.peer);
      await expectNextCall(host, 3);
    });
  }

  tell("http2/5.1/7 half closed (remote): Sends a CONTINUATION frame", async () => {
    using host = dial();
    await endByServer(host);
    host.peer.send(frame(9, 4, 1));
    assert.equal(await host.peer.goawayCode(), "PROTOCOL_ERROR");
  });

  for (const [title, flags, streamId] of [
    ["generic/3.7/1 Sends a PING frame", 0, 0],
    ["http2/6.7/1 Sends a PING frame", 0, 0],
    ["http2/4.1/2 Sends a frame with undefined flag", 0x16, 0],
    ["http2/4.1/3 Sends a frame with reserved field bit", 0, 0x8000_0000],
  ] as const) {
    tell(title, async () => {
      using host = dial();
      host.peer.send(frame(FRAME_PING, flags, streamId, Buffer.from("h2specxx")));
      assert.equal(String((await host.peer.find(isPong)).payload), "h2specxx");
    });
  }

  tell("http2/6.7/2 Sends a PING frame with ACK", async () => {
    using host = dial();
    host.peer.send(
      frame(FRAME_PING, FLAG_ACK, 0, Buffer.from("no-reply")),
      frame(FRAME_PING, 0, 0, Buffer.from("reply-me")),
    );
    assert.equal(String((await host.peer.find(isPong)).payload), "reply-me");
  });

  for (const [title, code] of [
    ["generic/3.8/1 Sends a GOAWAY frame", 0],
    ["http2/7/1 Sends a GOAWAY frame with unknown error code", 0xff],
  ] as const) {
    tell(title, async () => {
      using host = dial();
      const call = host.client.unary(echo, "x");
      await requestSeen(host.peer, 1);
      host.peer.send(frame(FRAME_GOAWAY, 0, 0, Buffer.concat([uint32(1), uint32(code)])));
      answerOk(host.peer, 1);
      assert.equal(await call, "fine");
      await host.peer.ended;
      host.peer.destroy();
      await host.client.closed;
    });
  }

  tell("generic/4/3 Sends a POST request", async () => {
    using host = dial();
    host.client.unary(echo, "x").catch(() => {});
    await requestSeen(host.peer, 1);
    const { payload } = await host.peer.find((seen) => seen.type === FRAME_HEADERS);
    const decoder = new HpackDecoder({ maxTableSizeBytes: 4096, maxHeaderListBytes: 10_000 });
    const fields = decoder.decode(payload).map(({ name, value }) => [name, value] as const);
    const pseudo = fields.filter(([name]) => name.startsWith(":"));
    // Each once, and before all others (§8.1.2.1, §8.1.2.3).
    assert.deepEqual(new Map(pseudo), new Map(fields.slice(0, 4)));
    assert.deepEqual(Object.fromEntries(pseudo), {
      ":method": "POST",
      ":scheme": "http",
      ":path": echo.path,
      ":authority": "localhost",
    });
    assert.equal(new Map(fields).get("te"), "trailers");
  });

  tell("http2/3.5/2 Sends invalid connection preface", async () => {
    for (const greeting of [
      Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
      frame(FRAME_PING, 0, 0, Buffer.alloc(8)),
    ]) {
      const [near, far] = createStreamPair();
      const client = connectGrpc(near);
      const call = assert.rejects(client.unary(echo, "x"), { code: "UNAVAILABLE" });
      far.resume();
      far.write(greeting);
      await call;
      far.destroy();
      await client.closed;
      assert.match(String((client.closeReason as { code?: string }).code), /^(?:PROTOCOL|FRAME_SIZE)_ERROR$/);
    }
  });

  tell("http2/5.1.1/2 Sends stream identifier that is numerically smaller than previous", async () => {
    using host = dial();
    for (const streamId of [1, 3, 5, 7]) await expectNextCall(host, streamId);
    const ids = host.peer.frames.filter((seen) => seen.type === FRAME_HEADERS).map((seen) => seen.streamId);
    assert.deepEqual(ids, [1, 3, 5, 7]);
  });

  tell(
    "http2/5.1.2/1 Sends HEADERS frames that causes their advertised concurrent stream limit to be exceeded",
    async () => {
      using host = dial(setting(3, 2));
      await host.peer.find(isSettingsAck);
      const calls = Array.from({ length: 3 }, () => host.client.unary(echo, "x"));
      await requestSeen(host.peer, 3);
      host.peer.send(frame(FRAME_PING, 0, 0, Buffer.alloc(8)));
      await host.peer.find(isPong);
      assert.equal(host.peer.frames.filter((seen) => seen.type === FRAME_HEADERS).length, 2);
      answerOk(host.peer, 1);
      await requestSeen(host.peer, 5);
      answerOk(host.peer, 3);
      answerOk(host.peer, 5);
      assert.deepEqual(await Promise.all(calls), ["fine", "fine", "fine"]);
    },
  );

  for (const title of [
    "http2/6.5.3/1 Sends multiple values of SETTINGS_INITIAL_WINDOW_SIZE",
    "http2/6.9.1/1 Sends SETTINGS frame to set the initial window size to 1 and sends HEADERS frame",
  ]) {
    tell(title, async () => {
      using host = dial(title.includes("multiple") ? Buffer.concat([setting(4, 100), setting(4, 1)]) : setting(4, 1));
      await host.peer.find(isSettingsAck);
      host.client.unary(echo, "x").catch(() => {});
      const { payload } = await host.peer.find((seen) => seen.type === FRAME_DATA);
      assert.equal(payload.length, 1);
    });
  }

  tell("http2/6.5.3/2 Sends a SETTINGS frame without ACK flag", async () => {
    using host = dial(setting(3, 100));
    await host.peer.find(isSettingsAck);
  });

  tell("http2/6.9.2/1 Changes SETTINGS_INITIAL_WINDOW_SIZE after sending HEADERS frame", async () => {
    using host = dial(setting(4, 0));
    await host.peer.find(isSettingsAck);
    host.client.unary(echo, "x").catch(() => {});
    await host.peer.find((seen) => seen.type === FRAME_HEADERS);
    host.peer.send(frame(FRAME_SETTINGS, 0, 0, setting(4, 1)));
    const { payload } = await host.peer.find((seen) => seen.type === FRAME_DATA);
    assert.equal(payload.length, 1);
  });

  tell("http2/6.9.2/2 Sends a SETTINGS frame for window size to be negative", async () => {
    using host = dial(setting(4, 3));
    await host.peer.find(isSettingsAck);
    host.client.unary(echo, "x").catch(() => {});
    await host.peer.find((seen) => seen.type === FRAME_DATA && seen.payload.length === 3);
    // 3 are used: with 2 the window is at -1, and 2 more bring it to 1.
    host.peer.send(frame(FRAME_SETTINGS, 0, 0, setting(4, 2)), frame(FRAME_WINDOW_UPDATE, 0, 1, uint32(2)));
    const { payload } = await host.peer.find((seen) => seen.type === FRAME_DATA && seen.payload.length !== 3);
    assert.equal(payload.length, 1);
  });

  test("nothing but what the list says", () => {
    const expected = RULES.filter(([, rule]) => rule.is === "elsewhere").map(([title]) => title);
    assert.deepEqual([...told].sort(), expected.sort());
  });
});

suite("responses, of which h2spec has no case (RFC 9113 §8.3.2):", () => {
  const status = { name: ":status", value: "200" };
  for (const [title, fields] of [
    ["no :status", RESPONSE_HEAD.slice(1)],
    ["an empty :status", [{ name: ":status", value: "" }, ...RESPONSE_HEAD.slice(1)]],
    ["two :status", [status, ...RESPONSE_HEAD]],
  ] as const) {
    test(title, async () => {
      await expectReset({ is: "stream", code: "PROTOCOL_ERROR", say: (peer) => peer.headers(1, fields) });
    });
  }
});

const h2spec = findGoPeer("h2spec");

test("the list is h2spec's, with no case left out", { skip: h2spec.skip }, () => {
  const cases: string[] = [];
  let [group, section] = ["", ""];
  for (const line of execFileSync(h2spec.path, ["--dryrun"], { encoding: "utf8" }).split("\n")) {
    const title = /^(Generic|Hypertext|HPACK)/.exec(line)?.[1];
    if (title !== undefined) group = { Generic: "generic", Hypertext: "http2", HPACK: "hpack" }[title] ?? "";
    section = /^\s+([0-9.]+)\. /.exec(line)?.[1] ?? section;
    const [, number, text] = /^\s+(\d+): (.*)$/.exec(line) ?? [];
    if (text !== undefined) cases.push(`${group}/${section}/${number} ${text}`);
  }
  assert.deepEqual(
    RULES.map(([title]) => title),
    cases,
  );
});

interface Host extends Disposable {
  readonly client: ClientConnection;
  readonly peer: RawPeer;
}

function dial(settings?: Uint8Array): Host {
  const [near, far] = createStreamPair();
  const peer = new RawPeer(far, "server", settings);
  const client = connectGrpc(near);
  return {
    client,
    peer,
    [Symbol.dispose]() {
      client.destroy();
      peer.destroy();
    },
  };
}

function tell(title: string, story: () => Promise<void>): void {
  told.add(title);
  test(title, story);
}

async function expectAnswer(say: Say, answers: boolean): Promise<void> {
  using host = dial();
  const call = host.client.unary(echo, "x");
  await requestSeen(host.peer, 1);
  say(host.peer);
  if (!answers) answerOk(host.peer, 1);
  assert.match(await call, /^(?:fine|x+)$/);
  await expectNextCall(host, 3);
}

async function expectToGoOn({ say, reset }: ClientRule & { readonly is: "afterwards" }): Promise<void> {
  using host = dial();
  await expectNextCall(host, 1);
  say(host.peer);
  if (reset !== undefined) assert.equal(await host.peer.resetCode(1), reset);
  await expectNextCall(host, 3);
}

async function expectReset({ say, code }: ClientRule & { readonly is: "stream" }): Promise<void> {
  using host = dial();
  const call = host.client.unary(echo, "x");
  await requestSeen(host.peer, 1);
  say(host.peer);
  await assert.rejects(call, (error) => GrpcError.is(error));
  if (code !== undefined) assert.equal(await host.peer.resetCode(1), code);
  await expectNextCall(host, 3);
  const resets = host.peer.frames.filter((seen) => seen.type === FRAME_RST_STREAM);
  assert.equal(resets.length, code === undefined ? 0 : 1);
}

async function expectGoaway(say: Say, code: string): Promise<void> {
  using host = dial();
  const call = host.client.unary(echo, "x").catch((error: unknown) => error);
  await requestSeen(host.peer, 1);
  say(host.peer);
  assert.equal(await host.peer.goawayCode(), code);
  await host.peer.ended;
  host.peer.destroy();
  await host.client.closed;
  assert.equal((host.client.closeReason as { code?: string }).code, code);
  await call;
}

async function expectNextCall({ client, peer }: Host, streamId: number): Promise<void> {
  const call = client.unary(echo, "next");
  await requestSeen(peer, streamId);
  answerOk(peer, streamId);
  assert.equal(await call, "fine");
}

/** The server ends a call whose client has not: for a moment stream 1 is half-closed (remote). */
async function endByServer({ client, peer }: Host): Promise<void> {
  const call: BidiCall<string, string> = client.bidi(chat);
  await peer.find((seen) => seen.type === FRAME_HEADERS && seen.streamId === 1);
  peer.headers(1, [...RESPONSE_HEAD, OK], true);
  assert.deepEqual(await Array.fromAsync(call), []);
}

function requestSeen(peer: RawPeer, streamId: number): Promise<RawFrame> {
  return peer.find((seen) => seen.streamId === streamId && seen.type === FRAME_DATA && seen.flags === 1);
}

function answerOk(peer: RawPeer, streamId: number): void {
  peer.headers(streamId, RESPONSE_HEAD);
  peer.data(streamId, message("fine"));
  peer.headers(streamId, [OK], true);
}

function isPong({ type, flags }: RawFrame): boolean {
  return type === FRAME_PING && flags === FLAG_ACK;
}

function isSettingsAck({ type, flags }: RawFrame): boolean {
  return type === FRAME_SETTINGS && flags === FLAG_ACK;
}

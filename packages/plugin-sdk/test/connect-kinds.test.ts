import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogFields, Logger } from "@fairlead/go-plugin";
import { connectInMemory } from "@fairlead/go-plugin/testing";
import { GrpcError } from "@fairlead/grpc";
import { ipFilterKind, notifierKind, pluginInfoKind } from "../src/client/index.ts";
import { createGateClient } from "../src/gate/gate-client.ts";
import { allowed, denied } from "../src/index.ts";
import type { KmsHandlers } from "../src/index.ts";
import { createPluginInfoClient } from "../src/plugin-info/plugin-info-client.ts";
import {
  connectGate,
  connectIpFilter,
  connectKms,
  makeDecryptRequest,
  makeEncryptRequest,
  makeGateRequest,
} from "../src/testing/index.ts";
import { isStatus } from "./is-status.ts";

const rot13: KmsHandlers = {
  encrypt: ({ payload, additionalData }) => ({ payload: rotate(payload), key: additionalData, mode: 1 }),
  decrypt: async ({ payload, key, mode }) => await Promise.resolve(`${rotate(payload)} of ${key}, ${mode}`),
};

function rotate(text: string): string {
  return text.replaceAll(/[a-z]/g, (letter) => String.fromCharCode(97 + ((letter.charCodeAt(0) - 84) % 26)));
}

test("secrets go there and come back", async () => {
  await using kms = await connectKms(rot13);
  const sealed = await kms.client.encrypt(makeEncryptRequest({ payload: "a secret", additionalData: "ann" }));
  assert.deepEqual(sealed, { payload: "n frperg", key: "ann", mode: 1 });
  assert.equal(await kms.client.decrypt(makeDecryptRequest(sealed)), "a secret of ann, 1");
});

test("a kms plugin has all that the server knows", async () => {
  const seen: unknown[] = [];
  await using kms = await connectKms({
    encrypt: (request) => (seen.push(request), { payload: "", key: "", mode: 0 }),
    decrypt: (request) => (seen.push(request), ""),
  });
  const encrypt = { payload: "p", additionalData: "a", url: "awskms://k", masterKey: "m" };
  const decrypt = { ...encrypt, key: "k", mode: -1 };
  await kms.client.encrypt(encrypt);
  await kms.client.decrypt(decrypt);
  assert.deepEqual(seen, [encrypt, decrypt]);
});

test("a secret of megabytes travels", async () => {
  await using kms = await connectKms(rot13);
  const payload = "x".repeat(8 * 1024 * 1024);
  assert.equal((await kms.client.encrypt(makeEncryptRequest({ payload }))).payload, rotate(payload));
});

function failSealed(): never {
  throw new TypeError("sealed vault");
}

test("a kms plugin that fails says so, and neither secret nor key is in the log", async () => {
  const texts: string[] = [];
  const logger: Logger = {
    log: (...line: readonly [string, string, LogFields?]) =>
      void texts.push(JSON.stringify(line), String(line[2]?.["error"])),
    child: () => logger,
  };
  await using kms = await connectKms({ encrypt: failSealed, decrypt: failSealed }, { logger });
  const request = { payload: "hunter2", additionalData: "ann", url: "awskms://k", masterKey: "open sesame" };
  await assert.rejects(kms.client.encrypt(request), isStatus("UNKNOWN", "sealed vault"));
  await assert.rejects(kms.client.decrypt({ ...request, key: "0x4b", mode: 1 }), isStatus("UNKNOWN", "sealed vault"));
  assert.notEqual(texts.length, 0);
  for (const text of texts) assert.doesNotMatch(text, /hunter2|open sesame|0x4b/);
});

test("an ipfilter lets in whom it allows", async () => {
  const seen: unknown[] = [];
  await using filter = await connectIpFilter({
    check: async (request) => {
      seen.push(request);
      return await Promise.resolve(request.ip === "::1" ? allowed() : denied("not from here"));
    },
  });
  await filter.client.checkIp("::1", "SSH");
  await assert.rejects(filter.client.checkIp("192.0.2.1", "DAV"), isStatus("PERMISSION_DENIED", "not from here"));
  assert.deepEqual(seen, [
    { ip: "::1", protocol: "SSH" },
    { ip: "192.0.2.1", protocol: "DAV" },
  ]);
});

test("an ipfilter that fails, or answers nothing of the kind, lets nobody in", async () => {
  // Programs run without their types being checked.
  for (const check of [() => assert.fail("broken"), () => ({}), () => undefined, () => true] as never[]) {
    await using filter = await connectIpFilter({ check });
    await assert.rejects(filter.client.checkIp("::1", "SSH"), GrpcError);
  }
});

test("an ipfilter reloads, or has nothing to reload", async () => {
  let reloads = 0;
  await using filter = await connectIpFilter({ check: () => allowed(), reload: () => void reloads++ });
  await filter.client.reload();
  assert.equal(reloads, 1);
  await using fixed = await connectIpFilter({ check: () => allowed() });
  await fixed.client.reload();
});

test("a reload that fails says why", async () => {
  await using filter = await connectIpFilter({ check: () => allowed(), reload: failSealed });
  await assert.rejects(filter.client.reload(), isStatus("UNKNOWN", "sealed vault"));
});

test("a gate knows the operation whole, and decides", async () => {
  const seen: unknown[] = [];
  await using gate = await connectGate({
    check: (request) => {
      seen.push(request);
      return request.operation === "delete" ? denied("kept for ever") : allowed();
    },
  });
  const rename = makeGateRequest({
    operation: "rename",
    targetPath: "/srv/b",
    virtualTargetPath: "/b",
    fileSizeBytes: 2n ** 62n,
    openFlags: 577,
    role: "r",
  });
  assert.deepEqual(await gate.client.check(rename), { allowed: true });
  const decision = await gate.client.check(makeGateRequest({ operation: "delete" }));
  assert.deepEqual(decision, { allowed: false, message: "kept for ever" });
  assert.deepEqual(seen[0], rename);
});

test("a gate's message travels up to a limit", async () => {
  await using gate = await connectGate({ check: () => denied("😀".repeat(10_000)) });
  const decision = await gate.client.check(makeGateRequest());
  assert.ok(!decision.allowed);
  assert.ok(decision.message.length <= 256 && decision.message.isWellFormed(), decision.message);
});

for (const decision of [
  { outcome: "yes", message: "" },
  { outcome: 1, message: "" },
  { outcome: "denied" },
  { allowed: true },
  {},
  undefined,
] as never[]) {
  test(`what is no decision allows nothing: ${JSON.stringify(decision)}`, async () => {
    await using gate = await connectGate({ check: () => decision });
    await assert.rejects(gate.client.check(makeGateRequest()), isStatus("UNKNOWN", "check answered"));
  });
}

test("a gate that fails decides nothing", async () => {
  await using gate = await connectGate({ check: () => assert.fail("broken") });
  await assert.rejects(gate.client.check(makeGateRequest()), isStatus("UNKNOWN", "broken"));
});

test("an operation of newer servers is decided by nobody who does not know it", async () => {
  await using gate = await connectGate({ check: () => assert.fail() });
  const request = { ...makeGateRequest(), operation: "chmod" } as never;
  await assert.rejects(gate.client.check(request), isStatus("INVALID_ARGUMENT", 'unknown operation "chmod"'));
});

test("a plugin without a gate has none", async () => {
  await using plugin = await connectInMemory(
    { ...notifierKind, connect: (connection) => createGateClient(connection) },
    {},
  );
  await assert.rejects(plugin.client.check(makeGateRequest()), isStatus("UNIMPLEMENTED"));
});

test("a plugin says what it is", async () => {
  const info = { name: "gatekeeper", version: "1.2.3", kinds: ["auth", "notifier"], services: ["fairlead.Gate"] };
  await using plugin = await connectInMemory(pluginInfoKind, info);
  assert.deepEqual(await plugin.client.describe(), info);
});

test("of a plugin that says nothing nothing is known", async () => {
  await using plugin = await connectInMemory(
    { ...notifierKind, connect: (connection) => createPluginInfoClient(connection) },
    {},
  );
  assert.equal(await plugin.client.describe(), undefined);
});

test("a plugin that cannot be asked is no plugin that says nothing", async () => {
  const plugin = await connectInMemory(pluginInfoKind, { name: "", version: "", kinds: [], services: [] });
  await plugin.close();
  await assert.rejects(plugin.client.describe(), isStatus("UNAVAILABLE"));
});

test("a plugin's words about itself are taken up to a limit", async () => {
  const long = "x".repeat(10_000);
  const lists = { kinds: Array.from({ length: 1_000 }, () => long), services: [] };
  await using plugin = await connectInMemory(pluginInfoKind, { name: long, version: long, ...lists });
  const info = (await plugin.client.describe()) ?? assert.fail();
  assert.deepEqual(
    [info.name.length, info.version.length, info.kinds.length, info.kinds[0]?.length],
    [256, 256, 64, 256],
  );
});

test("an ipfilter's calls have deadlines and signals", async () => {
  await using filter = await connectInMemory(ipFilterKind, { check: () => new Promise<never>(() => {}) });
  await assert.rejects(filter.client.checkIp("::1", "SSH", { timeoutMs: 20 }), isStatus("DEADLINE_EXCEEDED"));
  const signal = AbortSignal.abort();
  await assert.rejects(filter.client.checkIp("::1", "SSH", { signal }), isStatus("CANCELLED"));
});

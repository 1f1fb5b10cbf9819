import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthClient, GateClient, IpFilterClient, KmsClient, RpcOptions } from "@fairlead/plugin-sdk/client";
import { denied } from "@fairlead/plugin-sdk";
import {
  connectAuth,
  connectGate,
  connectIpFilter,
  connectKms,
  makeEncryptRequest,
  makeGateRequest,
  makePasswordCheck,
  makePublicKeyCheck,
} from "@fairlead/plugin-sdk/testing";
import { parsePluginConfigs } from "../src/config/parse-plugin-configs.ts";
import { createAuthHub } from "../src/hubs/create-auth-hub.ts";
import { createGateHub } from "../src/hubs/create-gate-hub.ts";
import { createIpFilterHub } from "../src/hubs/create-ip-filter-hub.ts";
import { createKmsHub } from "../src/hubs/create-kms-hub.ts";
import { PluginHostError } from "../src/plugin-host-error.ts";
import { createRoute, listRoutes } from "./support/fake-routes.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";

// The hubs over plugins of our SDK, through real gRPC in this process. Time limits are short here and none decides: what
// should be answered is answered at once, and what should not never is.

const never = (): Promise<never> => new Promise(() => {});
const short: RpcOptions = { timeoutMs: 20 };

const authRoute = (client: AuthClient) => createRoute('plugins[0] (auth "/a")', { authOptions: { scope: 15 } }, client);

test("what an auth plugin refuses, lacks, or does not answer is an error in SFTPGo's words", async () => {
  await using plugin = await connectAuth({
    checkPassword: ({ password }) => (password === "slow" ? never() : denied("account locked")),
  });
  const hub = createAuthHub(listRoutes(authRoute(plugin.client)));
  await assert.rejects(hub.checkPassword(makePasswordCheck()), {
    code: "ERR_PLUGIN_CALL",
    message:
      /^plugin auth error for user "alice": rpc error: code = \w+ desc = account locked, elapsed: [\d.]+(?:µs|ms|s), auth scope: 1; plugins\[0\]/,
  });
  await assert.rejects(hub.checkPublicKey(makePublicKeyCheck()), /code = Unimplemented .*\nThe plugin cannot do this/s);
  await assert.rejects(
    hub.checkPassword(makePasswordCheck({ password: "slow" }), short),
    /code = DeadlineExceeded desc = context deadline exceeded, .*\nThe plugin did not answer in time/s,
  );
});

test("a plugin that ends during a call is an error that says so", async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  await using plugin = await connectAuth({
    checkPassword: () => {
      resolve();
      return never();
    },
  });
  const hub = createAuthHub(listRoutes(authRoute(plugin.client)));
  const login = assert.rejects(hub.checkPassword(makePasswordCheck()), /It is started again by itself/);
  await asked;
  await plugin.close();
  await login;
});

test("a kms plugin that repeats what it got does not bring it into an error", async () => {
  await using plugin = await connectKms({
    encrypt: (request) => {
      throw new Error(`cannot encrypt ${JSON.stringify(request)}`);
    },
    decrypt: () => "",
  });
  const kmsOptions = { scheme: "awskms", encryptedStatus: "AWS" };
  const hub = createKmsHub(
    listRoutes(createRoute<{ kmsOptions: typeof kmsOptions }, KmsClient>("k", { kmsOptions }, plugin.client)),
  );
  const request = makeEncryptRequest({ payload: "s3cret-payload", masterKey: "s3cret-master" });
  const provider = hub.byStatus("AWS") ?? assert.fail();
  await assert.rejects(provider.encrypt(request), (error) => {
    assert.ok(PluginHostError.is(error, "ERR_PLUGIN_CALL"));
    assert.match(error.message, /cannot encrypt .*\[redacted\]/);
    assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /s3cret/);
    return true;
  });
});

test("an ipfilter plugin refuses, fails and hangs, and the client is refused each time", async () => {
  await using plugin = await connectIpFilter({
    check: ({ ip }) => {
      if (ip === "192.0.2.1") return denied("listed");
      if (ip === "192.0.2.2") throw new Error("no database");
      return never();
    },
  });
  const [config] = parsePluginConfigs([{ type: "ipfilter", cmd: "/i" }]);
  assert.ok(config?.type === "ipfilter");
  const routes = listRoutes(createRoute<typeof config, IpFilterClient>("plugins[0]", config, plugin.client));
  const hub = createIpFilterHub(routes, { logger: createMemoryLogger() });
  for (const [ip, reason] of [
    ["192.0.2.1", /desc = listed$/],
    ["192.0.2.2", /desc = no database$/],
    ["192.0.2.3", /code = DeadlineExceeded desc = context deadline exceeded$/],
  ] as const) {
    const verdict = await hub.check(ip, "SSH", short);
    assert.ok(!verdict.allowed);
    assert.match(verdict.reason, reason);
  }
});

test("a gate refuses with its message, and what it does not decide in its time is refused", async () => {
  await using plugin = await connectGate({
    check: ({ virtualPath }) => (virtualPath === "/slow" ? never() : denied("not today")),
  });
  const [config] = parsePluginConfigs([{ type: "ipfilter", cmd: "/i", fairlead: { gate: { timeout: 0.02 } } }]);
  assert.ok(config !== undefined);
  const routes = listRoutes(createRoute<typeof config, GateClient>("plugins[0]", config, plugin.client));
  const hub = createGateHub(routes, { logger: createMemoryLogger() });
  assert.deepEqual(await hub.check(makeGateRequest({ virtualPath: "/slow" })), {
    allowed: false,
    message: "it could not be decided whether this is allowed",
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { GateClient, GateRequest, RpcOptions } from "@fairlead/plugin-sdk/client";
import { FakeClock, settle } from "../../test/support/fake-clock.ts";
import { createRoute, hang, listRoutes, tooSlow } from "../../test/support/fake-routes.ts";
import { createMemoryLogger } from "../../test/support/memory-logger.ts";
import { parsePluginConfigs } from "../config/parse-plugin-configs.ts";
import type { PluginConfigBase } from "../config/plugin-config.ts";
import { createGateHub } from "./create-gate-hub.ts";
import type { PluginRoute } from "./plugin-route.ts";

type Check = GateClient["check"];
type Config = Pick<PluginConfigBase, "fairlead">;

const request: GateRequest = {
  operation: "upload",
  username: "ann",
  ip: "192.0.2.1",
  protocol: "SFTP",
  sessionId: "s",
  path: "/srv/ann/f",
  virtualPath: "/f",
  targetPath: "",
  virtualTargetPath: "",
  fileSizeBytes: 0n,
  openFlags: 0,
  role: "",
};

const allow: Check = () => Promise.resolve({ allowed: true });
const refuseWith =
  (message: string): Check =>
  () =>
    Promise.resolve({ allowed: false, message });

function createGateRoute(name: string, check: Check | undefined, gate: object = {}) {
  const [config] = parsePluginConfigs([{ type: "ipfilter", cmd: `/${name}`, fairlead: { gate } }]);
  assert.ok(config !== undefined);
  const client = check && { connected: true, check };
  return createRoute<Config, GateClient>(`plugins[0] (ipfilter "/${name}")`, config, client);
}

function setUp(...routes: PluginRoute<Config, GateClient>[]) {
  const clock = new FakeClock();
  const logger = createMemoryLogger();
  const list = listRoutes(...routes);
  return { clock, logger, list, hub: createGateHub(list, { clock, logger }) };
}

test("without a gate everything is allowed, and nothing needs to be asked", async () => {
  const { hub } = setUp();
  assert.ok(!hub.isConfigured);
  assert.deepEqual(await hub.check(request), { allowed: true });
});

test("a gate hears the operation and has its own time", async () => {
  const heard: unknown[] = [];
  const note: Check = (...call) => {
    heard.push(call);
    return Promise.resolve({ allowed: true });
  };
  const { hub } = setUp(createGateRoute("a", note, { timeout: 0.25 }));
  assert.ok(hub.isConfigured);
  assert.deepEqual(await hub.check(request), { allowed: true });
  assert.deepEqual(heard, [[request, { timeoutMs: 250 }]]);
});

test("a caller may shorten a gate's time, not lengthen it", async () => {
  const given: (number | undefined)[] = [];
  const note: Check = (_request, options) => {
    given.push(options?.timeoutMs);
    return Promise.resolve({ allowed: true });
  };
  const { hub } = setUp(createGateRoute("a", note));
  await hub.check(request, { timeoutMs: 10 });
  await hub.check(request, { timeoutMs: 60_000 });
  assert.deepEqual(given, [10, 5_000]);
});

test("the first refusal wins, with its message, while another gate still thinks", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const slow: Check = (_request, options?: RpcOptions) => {
    signals.push(options?.signal);
    return hang(options);
  };
  const { hub, logger } = setUp(createGateRoute("a", slow), createGateRoute("b", refuseWith("contains a virus")));
  assert.deepEqual(await hub.check(request), { allowed: false, message: "contains a virus" });
  assert.equal(signals[0]?.aborted, true);
  await settle();
  assert.deepEqual(logger.lines, []);
});

test("all gates must allow", async () => {
  const { hub } = setUp(
    createGateRoute("a", allow),
    createGateRoute("b", allow),
    createGateRoute("c", refuseWith("no")),
  );
  assert.deepEqual(await hub.check(request), { allowed: false, message: "no" });
});

const failures: readonly (readonly [name: string, check: Check | undefined])[] = [
  ["does not answer in time", tooSlow],
  ["fails", () => Promise.reject(new GrpcError("INTERNAL", "bug in /secret/place"))],
  ["does not run", undefined],
];

for (const [name, check] of failures) {
  test(`a gate that ${name} refuses, and the user does not hear why`, async () => {
    const { hub, logger } = setUp(createGateRoute("a", check), createGateRoute("b", allow));
    assert.deepEqual(await hub.check(request), {
      allowed: false,
      message: "it could not be decided whether this is allowed",
    });
    const line = logger.find("a gate does not decide");
    assert.deepEqual([line?.level, line?.fields["operations"]], ["warn", "refused"]);
    assert.match(String(line?.fields["error"]), /^rpc error: code = /);
  });

  test(`a gate that ${name} allows with on_failure allow, with one warning a minute`, async () => {
    const { hub, logger } = setUp(createGateRoute("a", check, { on_failure: "allow" }));
    assert.deepEqual(await hub.check(request), { allowed: true });
    assert.deepEqual(await hub.check(request), { allowed: true });
    assert.deepEqual(
      logger.lines.map(({ fields }) => fields["operations"]),
      ["allowed"],
    );
  });
}

test("one gate's on_failure allow does not overrule another's refusal", async () => {
  const lenient = createGateRoute("a", undefined, { on_failure: "allow" });
  const { hub } = setUp(lenient, createGateRoute("b", refuseWith("no")));
  assert.deepEqual(await hub.check(request), { allowed: false, message: "no" });
});

test("a caller that gives up is refused without a warning", async () => {
  const lenient = createGateRoute("a", (_request, options) => hang(options), { on_failure: "allow" });
  const { hub, logger } = setUp(lenient);
  const caller = new AbortController();
  const decision = hub.check(request, { signal: caller.signal });
  caller.abort();
  assert.equal((await decision).allowed, false);
  assert.deepEqual(logger.lines, []);
});

test("a gate that comes with a reload is asked", async () => {
  const { hub, list } = setUp();
  list.routes = [createGateRoute("a", refuseWith("no"))];
  assert.ok(hub.isConfigured);
  assert.equal((await hub.check(request)).allowed, false);
});

test("a message for a user is one short line of plain text", async () => {
  for (const [message, expected] of [
    ["no\r\n\u001b[31mway\u0000", "no [31mway"],
    ["", "a plugin refused it"],
    ["x".repeat(1_000), `${"x".repeat(256)}…`],
  ] as const) {
    const { hub } = setUp(createGateRoute("a", refuseWith(message)));
    assert.deepEqual(await hub.check(request), { allowed: false, message: expected });
  }
});

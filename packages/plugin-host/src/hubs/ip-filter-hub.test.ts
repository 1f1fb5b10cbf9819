import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { IpFilterClient, RpcOptions } from "@fairlead/plugin-sdk/client";
import { FakeClock, settle } from "../../test/support/fake-clock.ts";
import { createRoute, hang, listRoutes, tooSlow } from "../../test/support/fake-routes.ts";
import { createMemoryLogger } from "../../test/support/memory-logger.ts";
import { parsePluginConfigs } from "../config/parse-plugin-configs.ts";
import { createIpFilterHub } from "./create-ip-filter-hub.ts";
import type { PluginRoute } from "./plugin-route.ts";

type CheckIp = IpFilterClient["checkIp"];

const allow: CheckIp = () => Promise.resolve();
const refuse: CheckIp = () => Promise.reject(new GrpcError("PERMISSION_DENIED", "probe says no"));

function createIpFilterRoute(name: string, checkIp: CheckIp | undefined, onUnavailable?: "allow" | "deny") {
  const [config] = parsePluginConfigs([
    { type: "ipfilter", cmd: `/${name}`, fairlead: { on_unavailable: onUnavailable } },
  ]);
  assert.ok(config?.type === "ipfilter");
  const client = checkIp && { connected: true, checkIp, reload: () => Promise.resolve() };
  return createRoute<typeof config, IpFilterClient>(`plugins[0] (ipfilter "/${name}")`, config, client);
}

function setUp(...routes: PluginRoute<ReturnType<typeof createIpFilterRoute>["config"], IpFilterClient>[]) {
  const clock = new FakeClock();
  const logger = createMemoryLogger();
  const list = listRoutes(...routes);
  return { clock, logger, list, hub: createIpFilterHub(list, { clock, logger }) };
}

test("without a plugin everybody is allowed", async () => {
  const { hub } = setUp();
  assert.ok(!hub.isConfigured);
  assert.deepEqual(await hub.check("192.0.2.1", "SSH"), { allowed: true });
});

test("the plugin hears address and protocol", async () => {
  const heard: unknown[] = [];
  const { hub } = setUp(
    createIpFilterRoute("a", (...call) => {
      heard.push(call);
      return Promise.resolve();
    }),
  );
  assert.ok(hub.isConfigured);
  assert.deepEqual(await hub.check("2001:db8::1", "SSH"), { allowed: true });
  assert.deepEqual(heard, [["2001:db8::1", "SSH", { timeoutMs: 20_000 }]]);
});

test("all plugins are asked and all must allow, whatever their order", async () => {
  assert.deepEqual(
    await setUp(createIpFilterRoute("a", allow), createIpFilterRoute("b", allow)).hub.check("::1", "SSH"),
    {
      allowed: true,
    },
  );
  const refused = {
    allowed: false,
    reason: 'plugins[0] (ipfilter "/no"): rpc error: code = PermissionDenied desc = probe says no',
  };
  for (const routes of [
    [createIpFilterRoute("no", refuse), createIpFilterRoute("b", allow)],
    [createIpFilterRoute("a", allow), createIpFilterRoute("no", refuse)],
  ]) {
    assert.deepEqual(await setUp(...routes).hub.check("::1", "SSH"), refused);
  }
});

test("the first refusal is the answer: the others are told not to go on and do not count", async () => {
  const signals: AbortSignal[] = [];
  const slow = createIpFilterRoute("slow", (_ip, _protocol, options?: RpcOptions) => {
    if (options?.signal !== undefined) signals.push(options.signal);
    return hang(options);
  });
  const { hub, logger } = setUp(slow, createIpFilterRoute("no", refuse));
  assert.equal((await hub.check("::1", "SSH")).allowed, false);
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true],
  );
  await settle();
  assert.equal(slow.calls.counters().calls, 0);
  assert.deepEqual(logger.lines, []);
});

test("a plugin that runs and does not answer refuses, with one warning a minute", async () => {
  const { hub, logger, clock } = setUp(createIpFilterRoute("a", tooSlow));
  for (let connection = 0; connection < 3; connection++) {
    const verdict = await hub.check("::1", "SSH");
    assert.ok(!verdict.allowed && /DeadlineExceeded/.test(verdict.reason));
  }
  await clock.advance(60_000);
  await hub.check("::1", "SSH");
  assert.deepEqual(
    logger.lines.map(({ level, message, fields }) => [level, message, fields["skipped"]]),
    [
      ["warn", "an ipfilter plugin fails and clients are refused", 0],
      ["warn", "an ipfilter plugin fails and clients are refused", 2],
    ],
  );
});

test("a plugin that misses health checks is still asked", async () => {
  const route = createIpFilterRoute("a", undefined);
  route.availability = {
    status: "paused",
    client: { connected: true, checkIp: refuse, reload: () => Promise.resolve() },
  };
  assert.equal((await setUp(route).hub.check("::1", "SSH")).allowed, false);
});

test("while a plugin is known not to run everybody is allowed, with one warning a minute", async () => {
  const { hub, logger, clock } = setUp(createIpFilterRoute("a", undefined));
  for (let second = 0; second < 120; second++) {
    assert.deepEqual(await hub.check("::1", "SSH"), { allowed: true });
    await clock.advance(1_000);
  }
  assert.deepEqual(
    logger.lines.map(({ message, fields }) => [message, fields["clients"], fields["skipped"]]),
    [
      ["an ipfilter plugin does not run", "allowed", 0],
      ["an ipfilter plugin does not run", "allowed", 59],
    ],
  );
});

test("with on_unavailable deny nobody is allowed while the plugin does not run", async () => {
  const { hub, logger } = setUp(createIpFilterRoute("a", undefined, "deny"), createIpFilterRoute("b", allow));
  assert.deepEqual(await hub.check("::1", "SSH"), {
    allowed: false,
    reason: 'plugins[0] (ipfilter "/a") does not run and its on_unavailable is "deny"',
  });
  assert.equal(logger.find("an ipfilter plugin does not run")?.fields["clients"], "refused");
});

test("one that does not run does not open what another one closes", async () => {
  const { hub } = setUp(createIpFilterRoute("down", undefined), createIpFilterRoute("no", refuse));
  assert.equal((await hub.check("::1", "SSH")).allowed, false);
});

function breakDown(): never {
  throw new TypeError("broken");
}

test("a client that cannot even be called refuses, and the hub never rejects", async () => {
  const { hub } = setUp(createIpFilterRoute("a", breakDown));
  assert.equal((await hub.check("::1", "SSH")).allowed, false);
});

test("a caller that gives up is refused without a warning", async () => {
  const { hub, logger } = setUp(createIpFilterRoute("a", (_ip, _protocol, options) => hang(options)));
  const caller = new AbortController();
  const verdict = hub.check("::1", "SSH", { signal: caller.signal });
  caller.abort();
  assert.equal((await verdict).allowed, false);
  assert.deepEqual(logger.lines, []);
});

test("reload reaches every plugin that runs, and its failure is logged in SFTPGo's words", async () => {
  const reloaded: string[] = [];
  const create = (name: string, reload: () => Promise<void>) => {
    const route = createIpFilterRoute(name, allow);
    route.availability = { status: "up", client: { connected: true, checkIp: allow, reload } };
    return route;
  };
  const note = (name: string) => (): Promise<void> => {
    reloaded.push(name);
    return name === "b" ? Promise.reject(new GrpcError("UNKNOWN", "reload failed")) : Promise.resolve();
  };
  const { hub, logger } = setUp(
    create("a", note("a")),
    create("b", note("b")),
    createIpFilterRoute("down", undefined),
    create("c", note("c")),
  );
  await hub.reload();
  assert.deepEqual(reloaded, ["a", "b", "c"]);
  assert.deepEqual(logger.messages(), [
    "unable to reload IP filter plugin: rpc error: code = Unknown desc = reload failed",
  ]);
});

test("a reload waits for the one before it", async () => {
  const answers: (() => void)[] = [];
  const route = createIpFilterRoute("a", allow);
  const reload = (): Promise<void> => new Promise((resolve) => answers.push(resolve));
  route.availability = { status: "up", client: { connected: true, checkIp: allow, reload } };
  const { hub } = setUp(route);
  const reloads = [hub.reload(), hub.reload()];
  await settle();
  assert.equal(answers.length, 1);
  answers[0]?.();
  await reloads[0];
  await settle();
  assert.equal(answers.length, 2);
  answers[1]?.();
  await reloads[1];
});

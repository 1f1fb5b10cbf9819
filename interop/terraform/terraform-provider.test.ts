/** A program nobody here wrote: a Terraform provider, run as Terraform runs it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { launch, parseReattachInfo, reattach, type LaunchOptions } from "@fairlead/go-plugin/host";
import { isAlive } from "../../e2e/harness/processes.ts";
import { openTempFolder } from "../temp-folder.ts";
import { findProvider } from "./install-provider.ts";
import { UNKNOWN } from "./msgpack.ts";
import { TERRAFORM_HANDSHAKE, providerKind } from "./provider-kind.ts";

const command = findProvider();

/** What Terraform would read from a configuration: every attribute, null where nothing is said. */
const config = {
  base_rfc3339: "2026-02-26T06:36:13Z",
  offset_days: 3,
  offset_hours: null,
  offset_minutes: null,
  offset_months: null,
  offset_seconds: null,
  offset_years: null,
  triggers: { because: "é" },
  day: null,
  hour: null,
  id: null,
  minute: null,
  month: null,
  rfc3339: null,
  second: null,
  unix: null,
  year: null,
};

// Terraform offers both; this provider has only 5.
const versions = { 5: { provider: providerKind }, 6: { provider: providerKind } };

const open = async (tls: "none" | "auto", options: Partial<LaunchOptions<(typeof versions)[5]>> = {}) =>
  await launch({
    command: command!,
    env: { TF_LOG: "trace" },
    handshake: TERRAFORM_HANDSHAKE,
    versions,
    tls,
    ...options,
  });

suite("terraform-provider-time", { skip: command === undefined && "not installed: run npm run test:interop" }, () => {
  for (const tls of ["none", "auto"] as const) {
    test(`creates a resource from plan to state, tls ${tls} [dispense:client call:fields mtls:host]`, async () => {
      await using plugin = await open(tls);
      assert.equal(plugin.protocolVersion, 5);
      const provider = plugin.dispense("provider");

      const schema = await provider.readSchema();
      assert.deepEqual(schema.diagnostics, []);
      const attributes = schema.resources.get("time_offset") ?? [];
      assert.deepEqual(attributes.map(({ name }) => name).sort(), Object.keys(config).sort());
      const triggers = attributes.find(({ name }) => name === "triggers");
      assert.deepEqual(triggers?.type, ["map", "string"]);

      assert.deepEqual(await provider.configure({}), []);
      assert.deepEqual(await provider.validate("time_offset", config), []);
      const planned = await provider.planNew("time_offset", config);
      assert.deepEqual(planned.diagnostics, []);
      const applied = await provider.applyNew("time_offset", config, planned);
      assert.deepEqual(applied.diagnostics, []);
      assert.deepEqual(applied.state.value, {
        ...config,
        rfc3339: "2026-03-01T06:36:13Z",
        id: config.base_rfc3339,
        year: 2026,
        month: 3,
        day: 1,
        hour: 6,
        minute: 36,
        second: 13,
        unix: Date.UTC(2026, 2, 1, 6, 36, 13) / 1000,
      });
    });
  }

  test("leaves unknown what only applying can tell [call:fields]", async () => {
    await using plugin = await open("auto");
    const provider = plugin.dispense("provider");
    await provider.configure({});
    const now = { day: null, hour: null, id: null, minute: null, month: null, rfc3339: null, second: null };
    const { state } = await provider.planNew("time_static", { ...now, triggers: null, unix: null, year: null });
    assert.equal((state.value as Record<string, unknown>)["rfc3339"], UNKNOWN);
  });

  test("says what is wrong with a configuration [call:fields]", async () => {
    await using plugin = await open("auto");
    const diagnostics = await plugin.dispense("provider").validate("time_offset", { ...config, offset_days: null });
    assert.deepEqual(
      diagnostics.map(({ severity, summary }) => [severity, summary]),
      [["error", "Missing Attribute Configuration"]],
    );
  });

  test("is asked the same over one connection for everything [mux:host mux:mtls]", async () => {
    await using plugin = await open("auto", { multiplex: true });
    const { resources } = await plugin.dispense("provider").readSchema();
    assert.ok(resources.has("time_offset"));
  });

  test("is attached to by what it tells a debugger's user [reattach:format reattach:host]", async () => {
    await using folder = await openTempFolder();
    const child = spawn(command!, ["-debug"], { env: { TMPDIR: folder.path }, stdio: ["ignore", "pipe", "ignore"] });
    const closed = once(child, "close");
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        const [, entries] = /TF_REATTACH_PROVIDERS='(.*)'/.exec(line) ?? [];
        if (entries === undefined) continue;
        const info = parseReattachInfo(entries, "registry.terraform.io/hashicorp/time");
        // It outlives its hosts.
        for (const _host of ["first", "second"]) {
          await using plugin = await reattach(info, { versions });
          const { resources } = await plugin.dispense("provider").readSchema();
          assert.ok(resources.has("time_offset"));
        }
        break;
      }
      assert.equal(isAlive(child.pid!), true);
    } finally {
      child.kill();
      await closed;
    }
  });

  test("leaves with status 0 when it is told to end [stop:ladder]", async () => {
    await using plugin = await open("auto");
    assert.equal(await plugin.dispense("provider").stop(), "");
    await plugin.ping();
    assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
    assert.equal(isAlive(plugin.pid), false);
  });

  test("is refused by a host of another protocol [version:mismatch]", async () => {
    const opening = launch({
      command: command!,
      env: {},
      handshake: TERRAFORM_HANDSHAKE,
      versions: { 4: { provider: providerKind } },
    });
    await assert.rejects(opening, /incompatible API version with plugin\. Plugin version: 5, Client versions: \[4\]/);
  });
});

import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { test } from "node:test";
import { openTempFolder } from "../temp-folder.ts";
import type { KvHost } from "./kv-host.ts";
import { describePairs } from "./pairs.ts";

const group = String(process.getgid?.());

function addressOf(host: KvHost): { readonly network: string; readonly address: string } {
  const { Addr: addr } = JSON.parse(host.reattach) as { Addr: { Network: string; String: string } };
  return { network: addr.Network, address: addr.String };
}

describePairs("sockets", ({ open, plugin }) => {
  test("are in a folder of the host's choice, which is empty afterwards [env:socket-dir sockets:place serve:listen]", async () => {
    await using folder = await openTempFolder();
    await using host = await open({ sockets: { folder: folder.path } });
    const { network, address } = addressOf(host);
    assert.ok(network === "unix" && address.startsWith(folder.path), address);
    // Brokered ones too, in both directions.
    assert.equal(await host.kv.add("visits", 1), 1);
    await host.kv.put("a", "b");
    assert.equal(await host.kv.brokeredGet("a"), "b");
    await host.stop();
    assert.deepEqual(await readdir(folder.path), []);
  });

  test("can be used by a group [serve:listen sockets:group]", async () => {
    await using folder = await openTempFolder();
    await using host = await open({ sockets: { folder: folder.path, group }, tls: "auto" });
    const { mode, gid } = await stat(addressOf(host).address);
    assert.deepEqual([(mode & 0o777).toString(8), String(gid)], ["660", group]);
    assert.equal(await host.kv.add("visits", 1), 1);
  });

  test("a range of ports is offered, go-plugin's when nothing is said [env:ports env:nested]", async () => {
    for (const ports of [{ min: 12_000, max: 12_345 }, undefined]) {
      await using host = await open(ports === undefined ? {} : { ports });
      const seen = [await host.kv.environment("PLUGIN_MIN_PORT"), await host.kv.environment("PLUGIN_MAX_PORT")];
      const { min, max } = ports ?? { min: 10_000, max: 25_000 };
      // Our plugins keep what the host told them from the code they run.
      assert.deepEqual(seen, plugin === "ours" ? ["", ""] : [String(min), String(max)]);
    }
  });

  for (const multiplex of [false, true]) {
    test(`may be on tcp, in the host's range, multiplexed ${multiplex} [handshake:address env:ports]`, async () => {
      await using host = await open({ tcp: true, tls: "auto", multiplex, ports: { min: 12_400, max: 12_499 } });
      const { network, address } = addressOf(host);
      assert.equal(network, "tcp");
      assert.match(address, /^127\.0\.0\.1:124\d\d$/);
      await host.kv.put("a", "b");
      assert.equal(await host.kv.get("a"), "b");
      assert.equal(await host.kv.add("visits", 1), 1);
      assert.equal(await host.stop(), 0);
    });
  }
});

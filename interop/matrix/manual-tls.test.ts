import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GrpcError } from "@fairlead/grpc";
import { issueCertificate } from "../../packages/go-plugin/test/support/certificates.ts";
import { writeTlsFolder } from "../fixtures/tls-folder.ts";
import { openTempFolder, type TempFolder } from "../temp-folder.ts";
import { describePairs } from "./pairs.ts";

// Both names are what go-plugin's broker expects of either side.
const authority = issueCertificate("authority");
const hostPair = issueCertificate("localhost", { issuer: authority });
const pluginPair = issueCertificate("localhost", { issuer: authority });
const ca = authority.cert;

let folder: TempFolder;
before(async () => {
  folder = await openTempFolder();
  await writeTlsFolder(folder.at("host"), { ...hostPair, ca });
  await writeTlsFolder(folder.at("plugin"), { ...pluginPair, ca });
  await writeTlsFolder(folder.at("stranger"), { ...issueCertificate("localhost"), ca });
});
after(async () => await folder[Symbol.asyncDispose]());

const tls = (): { readonly folder: string } => ({ folder: folder.at("host") });
const flags = (): string[] => ["--tls-dir", folder.at("plugin")];

describePairs("certificates of one's own", ({ open, attach, startAlone, host: kind }) => {
  test("are enough for calls, and for the broker in both directions [tls:manual]", async () => {
    await using host = await open({ tls: tls(), flags: flags() });
    await host.kv.put("a", "b");
    assert.equal(await host.kv.get("a"), "b");
    assert.equal(await host.kv.add("visits", 2), 2);
    assert.equal(await host.kv.brokeredGet("a"), "b");
    assert.equal(await host.stop(), 0);
  });

  test("are enough within a multiplexed connection [tls:manual mux:mtls]", async () => {
    await using host = await open({ tls: tls(), flags: flags(), multiplex: true });
    assert.equal(await host.kv.add("visits", 2), 2);
  });

  test("are enough to attach to a running plugin [tls:manual reattach:host]", async () => {
    await using plugin = await startAlone(flags());
    await using host = await attach(plugin.reattach, { tls: tls() });
    await host.kv.put("a", "b");
    assert.equal(await host.kv.get("a"), "b");
  });

  // Ours fails at the start; Go's connects when it is first called.
  const fails = async (opening: ReturnType<typeof open>): Promise<void> => {
    if (kind === "ours") return await assert.rejects(opening, /ERR_TLS|certificate|TLS/);
    await using host = await opening;
    await assert.rejects(host.kv.get("a"), (error) => GrpcError.is(error, "UNAVAILABLE"));
  };

  test("a host whose certificate the plugin's authority did not issue is refused [tls:manual]", async () => {
    await fails(open({ tls: { folder: folder.at("stranger") }, flags: flags() }));
  });

  test("a host without TLS is refused [tls:manual]", async () => {
    await fails(open({ flags: flags() }));
  });

  test("a plugin without TLS is refused [tls:manual]", async () => {
    await fails(open({ tls: tls() }));
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { describePairs } from "./pairs.ts";

describePairs("reflection", ({ open }) => {
  test("every service of the plugin is listed [serve:reflection serve:services]", async () => {
    await using host = await open({ tls: "auto" });
    assert.deepEqual(await host.kv.services(), [
      "fairlead.interop.v1.Control",
      "fairlead.interop.v1.Counter",
      "fairlead.interop.v1.KV",
      "fairlead.interop.v1.Streams",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "plugin.GRPCBroker",
      "plugin.GRPCController",
      "plugin.GRPCStdio",
    ]);
  });

  test("the plugin's own services are described [serve:reflection]", async () => {
    await using host = await open({ tls: "auto" });
    assert.deepEqual(await host.kv.methods("fairlead.interop.v1.KV"), [
      "Get.fairlead.interop.v1.Key.fairlead.interop.v1.Value",
      "Put.fairlead.interop.v1.Entry.fairlead.interop.v1.Empty",
    ]);
  });

  test("the services of go-plugin are described [serve:reflection]", async () => {
    await using host = await open();
    assert.deepEqual(await host.kv.methods("plugin.GRPCStdio"), ["StreamStdio.google.protobuf.Empty.plugin.StdioData"]);
    assert.deepEqual(await host.kv.methods("plugin.GRPCBroker"), ["StartStream.plugin.ConnInfo.plugin.ConnInfo"]);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { DecryptRequest, EncryptRequest, KmsClient } from "@fairlead/plugin-sdk/client";
import { createRoute, listRoutes } from "../../test/support/fake-routes.ts";
import { PluginHostError } from "../plugin-host-error.ts";
import { createKmsHub } from "./create-kms-hub.ts";

const encryptRequest: EncryptRequest = {
  payload: "s3cret-payload",
  additionalData: "ann",
  url: "awskms://k",
  masterKey: "s3cret-master",
};
const decryptRequest: DecryptRequest = { ...encryptRequest, key: "s3cret-key", mode: 1 };

const client: KmsClient = {
  connected: true,
  encrypt: ({ payload, url }) => Promise.resolve({ payload: `${url}:${payload.length}`, key: "k", mode: 1 }),
  decrypt: ({ mode }) => Promise.resolve(`mode ${mode}`),
};

const route = (scheme: string, encryptedStatus: string, answering: KmsClient | undefined = client) =>
  createRoute(`plugins[0] (kms "/${scheme}")`, { kmsOptions: { scheme, encryptedStatus } }, answering);

test("a provider is found by the beginning of the URL, as it is written, and by the status of secrets", () => {
  const hub = createKmsHub(listRoutes(route("awskms", "AWS"), route("gcpkms", "GCP")));
  const schemes = ["gcpkms://x", "awskms", "AWSKMS://x", "x-awskms://", "local://", ""].map(
    (url) => hub.schemeFor(url)?.scheme,
  );
  assert.deepEqual(schemes, ["gcpkms", "awskms", undefined, undefined, undefined, undefined]);
  const statuses = ["AWS", "GCP", "aws", "Secretbox", ""].map((status) => hub.byStatus(status)?.encryptedStatus);
  assert.deepEqual(statuses, ["AWS", "GCP", undefined, undefined, undefined]);
});

test("requests and answers pass as they are", async () => {
  const provider = createKmsHub(listRoutes(route("awskms", "AWS"))).byStatus("AWS");
  assert.deepEqual(await provider?.encrypt(encryptRequest), { payload: "awskms://k:14", key: "k", mode: 1 });
  assert.equal(await provider?.decrypt(decryptRequest), "mode 1");
});

function repeat(request: object): Promise<never> {
  return Promise.reject(new GrpcError("UNAVAILABLE", `kms is down ${Object.values(request).join(" ")}`));
}

test("an error keeps the plugin's words, without payload, key and master key", async () => {
  const provider = createKmsHub(
    listRoutes(route("awskms", "AWS", { ...client, encrypt: repeat, decrypt: repeat })),
  ).byStatus("AWS");
  for (const call of [provider?.encrypt(encryptRequest), provider?.decrypt(decryptRequest)]) {
    assert.ok(call !== undefined);
    await assert.rejects(call, (error) => {
      assert.ok(PluginHostError.is(error, "ERR_PLUGIN_CALL") && GrpcError.is(error.cause));
      assert.match(
        error.message,
        /^rpc error: code = Unavailable desc = kms is down .*; plugins\[0\] \(kms "\/awskms"\)/,
      );
      assert.doesNotMatch(`${error.message} ${error.cause.message} ${JSON.stringify(error.details)}`, /s3cret/);
      return true;
    });
  }
});

test("a provider whose plugin does not run says so", async () => {
  const down = route("awskms", "AWS");
  down.availability = { status: "down", startFailed: true };
  const provider = createKmsHub(listRoutes(down)).schemeFor("awskms://k") ?? assert.fail();
  await assert.rejects(provider.decrypt(decryptRequest), {
    code: "ERR_PLUGIN_UNAVAILABLE",
    message: /it cannot be started; plugins\[0\] \(kms "\/awskms"\)\nThe log says why its last start failed/,
  });
});

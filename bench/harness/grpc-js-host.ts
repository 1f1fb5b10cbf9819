/**
 * The twin of `rpc-host.ts` on @grpc/grpc-js, with `grpc-js-plugin.ts` as its other side:
 *
 *     grpc-js-host auto|none grpc-js-plugin grpc-js-folder
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Method } from "@fairlead/grpc";
import { createIdentity } from "../../packages/go-plugin/src/tls/certificate.ts";
import { notifierMethods } from "../../packages/plugin-sdk/src/notifier/notifier-methods.ts";
import { CHUNK_BYTES, downloadMethod, echoMethod, uploadMethod } from "./bench-service.ts";
import { GRPC_JS_OPTIONS, loadGrpcJs, serializerOf } from "./grpc-js.ts";
import { runTasks, type RpcHost } from "./rpc-task.ts";
import { uploadEvent } from "./upload-event.ts";

const [mode, plugin = "", grpcJsFolder = ""] = process.argv.slice(2);
const tls = mode === "auto";
const { Client, credentials } = loadGrpcJs(grpcJsFolder);

await runTasks(async (): Promise<RpcHost> => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-bench-"));
  const socket = join(folder, "s");
  const identityFile = join(folder, "identity.json");
  const identity = createIdentity();
  if (tls) writeFileSync(identityFile, JSON.stringify(identity), { mode: 0o600 });
  const args = [grpcJsFolder, socket, ...(tls ? [identityFile] : [])];
  const child = spawn(plugin, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const cert = Buffer.from(identity.certificatePem);
  const client = new Client(
    `unix:${socket}`,
    tls ? credentials.createSsl(cert, Buffer.from(identity.privateKeyPem), cert) : credentials.createInsecure(),
    { ...GRPC_JS_OPTIONS, "grpc.ssl_target_name_override": "localhost", "grpc.default_authority": "localhost" },
  );
  const unary = <Req, Res>(method: Method<Req, Res, "unary">, request: Req): Promise<Res> =>
    new Promise((resolve, reject) =>
      client.makeUnaryRequest(
        method.path,
        serializerOf(method.request),
        (bytes) => method.response.decode(bytes),
        request,
        (error, response) => (error === null ? resolve(response) : reject(error)),
      ),
    );
  return {
    pluginPid: child.pid!,
    sendEvent: () => unary(notifierMethods.sendFsEvent, uploadEvent()),
    echo: async (message) => (await unary(echoMethod, message)).length,
    async upload(sizeBytes) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const call = client.makeClientStreamRequest(
        uploadMethod.path,
        serializerOf(uploadMethod.request),
        (bytes) => uploadMethod.response.decode(bytes),
        (error, sumBytes: number) => (error === null ? resolve(sumBytes) : reject(error)),
      );
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (let sentBytes = 0; sentBytes < sizeBytes; sentBytes += CHUNK_BYTES) {
        if (!call.write(chunk)) await new Promise<void>((drained) => call.once("drain", drained));
      }
      call.end();
      return await promise;
    },
    async download(sizeBytes) {
      const call = client.makeServerStreamRequest(
        downloadMethod.path,
        serializerOf(downloadMethod.request),
        (bytes) => downloadMethod.response.decode(bytes),
        sizeBytes,
      );
      let sumBytes = 0;
      for await (const chunk of call) sumBytes += chunk.length;
      return sumBytes;
    },
    async stop() {
      client.close();
      const closed = once(child, "close");
      child.kill();
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

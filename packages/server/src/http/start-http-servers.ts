import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { Logger } from "@fairlead/go-plugin";
import type { PluginManager } from "@fairlead/plugin-host";

import type { Config } from "../config/load-config.ts";
import { FairleadError } from "../domain/fairlead-error.ts";
import type { AdminAccounts } from "../login/admin-accounts.ts";
import { allowOneRequestAtATime, HttpConnections } from "./http-connections.ts";

export interface HttpServersOptions {
  readonly config: Pick<Config, "common" | "configDir" | "httpd" | "telemetry">;
  readonly plugins: PluginManager;
  readonly admins: AdminAccounts;
  readonly logger: Logger;
  /** SSH connections open now. */
  readonly connectionCount: () => number;
}

/** What is listened on, by HTTP. */
export interface HttpServers extends AsyncDisposable {
  /** Of the REST API, in the order of the configuration. */
  readonly addresses: readonly { readonly address: string; readonly port: number }[];
  readonly telemetryAddress: { readonly address: string; readonly port: number } | undefined;
}

/** Few administrators and machines ask; file descriptors are for clients of SSH. */
const MAX_REST_CONNECTIONS = 256;
const MAX_TELEMETRY_CONNECTIONS = 32;

/**
 * Listens where `httpd.bindings` and `telemetry.bind_port` say; nowhere by default. Throws `ERR_LISTEN` and
 * `ERR_CONFIG_VALUE`, and then nothing is left listening. The framework is loaded only when there is a binding.
 */
export async function startHttpServers(options: HttpServersOptions): Promise<HttpServers> {
  const { httpd, telemetry, common, configDir } = options.config;
  await using started = new AsyncDisposableStack();
  const addresses: AddressInfo[] = [];
  const bindings = httpd.bindings.filter(({ port, enable_rest_api: isEnabled }) => port > 0 && isEnabled);
  if (bindings.length > 0) {
    const { createRestServer } = await import("./rest-server.ts");
    const { readTlsFiles } = await import("./tls-files.ts");
    for (const binding of bindings) {
      const tls = binding.enable_https
        ? readTlsFiles(
            {
              section: "httpd.bindings",
              certificateFile: binding.certificate_file || httpd.certificate_file,
              certificateKeyFile: binding.certificate_key_file || httpd.certificate_key_file,
              minTlsVersion: binding.min_tls_version,
            },
            configDir,
          )
        : undefined;
      const server = createRestServer({
        admins: options.admins,
        searcher: options.plugins.searcher,
        ipFilter: options.plugins.ipFilter,
        logger: options.logger,
        signingPassphrase: httpd.signing_passphrase,
        failureDelayMs: common.defender.login_delay.password_failed,
        ...(tls === undefined ? {} : { tls }),
      });
      allowOneRequestAtATime(server.server);
      const connections = new HttpConnections(server.server, {
        total: MAX_REST_CONNECTIONS,
        perHost: common.max_per_host_connections,
      });
      started.defer(async () => {
        await connections.endWith(async () => {
          await server.close();
        });
      });
      await server.ready();
      addresses.push(await listen(server.server, binding, "httpd.bindings"));
    }
  }
  const telemetryAddress = await startTelemetry(started, options, telemetry);
  const running = started.move();
  if (addresses.length > 0 || telemetryAddress !== undefined) {
    // Who comes from SFTPGo's stock file expects more of port 8080.
    const serves = addresses.length === 0 ? [] : ["/api/v2/token", "/api/v2/events", "/healthz"];
    options.logger.log("info", "listening for HTTP", { addresses, serves, telemetry: telemetryAddress });
  }
  return { addresses, telemetryAddress, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}

async function startTelemetry(
  started: AsyncDisposableStack,
  options: HttpServersOptions,
  telemetry: Config["telemetry"],
): Promise<AddressInfo | undefined> {
  if (telemetry.bind_port === 0) {
    return undefined;
  }
  const { createTelemetryServer } = await import("./telemetry-server.ts");
  const server = createTelemetryServer({
    plugins: options.plugins,
    connectionCount: options.connectionCount,
  });
  const connections = new HttpConnections(server, { total: MAX_TELEMETRY_CONNECTIONS, perHost: 0 });
  started.defer(async () => {
    await connections.endWith(async () => {
      await close(server);
    });
  });
  return await listen(server, { address: telemetry.bind_address, port: telemetry.bind_port }, "telemetry.bind_port");
}

async function listen(
  server: Server,
  { address, port }: { readonly address: string; readonly port: number },
  key: string,
): Promise<AddressInfo> {
  try {
    server.listen({ port, ...(address === "" ? {} : { host: address }) });
    await once(server, "listening");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FairleadError("ERR_LISTEN", `cannot listen for HTTP on ${address || "*"}:${port} (${key}): ${reason}`, {
      details: { address, port },
      cause,
    });
  }
  return server.address() as AddressInfo;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) {
    return;
  }
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

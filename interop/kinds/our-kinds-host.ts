import type { Logger } from "@fairlead/go-plugin";
import { parsePluginConfigs, startPluginManager, type PluginManager } from "@fairlead/plugin-host";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import { CallFailed, type KindName, type KindsAnswer, type KindsCall, type LaunchKindsHost } from "./kinds-host.ts";

const silent: Logger = { log: () => undefined, child: () => silent };

/** Runs a plugin with `@fairlead/plugin-host`, from its configuration, in this process. */
export const launchOurKindsHost: LaunchKindsHost = async ({ kind, plugin, autoMtls, env }) => {
  const entry = { type: kind, cmd: plugin, auto_mtls: autoMtls, env_vars: Object.keys(env), ...OPTIONS[kind] };
  const manager = await startPluginManager({ plugins: parsePluginConfigs([entry]), env, logger: silent });
  return {
    pid: manager.status()[0]?.pid ?? 0,
    call: async (call) => {
      try {
        return await ask(manager, call);
      } catch (error) {
        throw toCallFailed(error);
      }
    },
    stop: async () => await manager.stop(),
    [Symbol.asyncDispose]: async () => await manager.stop(),
  };
};

const OPTIONS: Readonly<Record<KindName, object>> = {
  auth: { auth_options: { scope: 15 } },
  kms: { kms_options: { scheme: "awskms", encrypted_status: "AWS" } },
  ipfilter: {},
  eventsearcher: {},
};

async function ask({ auth, kms, ipFilter, searcher }: PluginManager, call: KindsCall): Promise<KindsAnswer> {
  switch (call.do) {
    case "CheckUserAndPass":
      return text(await auth.checkPassword({ ...call, password: call.credential, user: bytes(call.user) }));
    case "CheckUserAndPublicKey":
      return text(await auth.checkPublicKey({ ...call, publicKey: call.credential, user: bytes(call.user) }));
    case "CheckUserAndTLSCert":
      return text(await auth.checkTlsCertificate({ ...call, certificatePem: call.credential, user: bytes(call.user) }));
    case "CheckUserAndKeyboardInteractive":
      return text(await auth.checkKeyboardInteractive({ ...call, user: bytes(call.user) }));
    case "SendKeyboardAuthRequest":
      return await auth.sendKeyboardStep({ ...call, password: call.credential });
    case "Encrypt":
      return await kms.schemeFor("awskms://k")!.encrypt(call);
    case "Decrypt":
      return await kms.byStatus("AWS")!.decrypt(call);
    case "CheckIP": {
      const verdict = await ipFilter.check(call.ip, call.protocol);
      if (!verdict.allowed) throw new CallFailed("Unknown", verdict.reason);
      return null;
    }
    case "Reload":
      await ipFilter.reload();
      return null;
    case "SearchFsEvents":
      return text(await searcher.searchFsEvents(call.filter));
    case "SearchProviderEvents":
      return text(await searcher.searchProviderEvents(call.filter));
    default:
      return text(await searcher.searchLogEvents(call.filter));
  }
}

/** The status the plugin answered, below what the host says about it. */
function toCallFailed(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (GrpcError.is(cause)) return new CallFailed(goName(cause.code), cause.message);
  }
  return error;
}

/** `DEADLINE_EXCEEDED` → `DeadlineExceeded`. */
function goName(code: string): string {
  return code.toLowerCase().replaceAll(/(^|_)([a-z])/g, (_, _mark, letter: string) => letter.toUpperCase());
}

function text(answer: Uint8Array): string {
  return Buffer.from(answer).toString("utf8");
}

function bytes(json: string): Uint8Array {
  return Buffer.from(json, "utf8");
}

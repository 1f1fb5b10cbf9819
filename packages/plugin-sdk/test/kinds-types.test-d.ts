/** What compiles and what does not: auth, kms and ipfilter plugins, gates, on both sides. Read by tsc, never run. */
import type { ClientOf } from "@fairlead/go-plugin/host";
import { provide } from "@fairlead/go-plugin/serve";
import {
  accepted,
  allowed,
  createUser,
  denied,
  serveAuth,
  serveIpFilter,
  serveKms,
  servePlugin,
  unchanged,
  user,
} from "@fairlead/plugin-sdk";
import type {
  AuthRequest,
  CallContext,
  EncryptRequest,
  GateRequest,
  IpCheck,
  KeyboardDialogue,
  PasswordRequest,
  SftpgoUser,
} from "@fairlead/plugin-sdk";
import { authKind, type gateKind, type ipFilterKind, kmsKind, type pluginInfoKind } from "@fairlead/plugin-sdk/client";
import type {
  AuthClient,
  GateClient,
  GateDecision,
  IpFilterClient,
  KmsClient,
  PluginInfo,
  PluginInfoClient,
} from "@fairlead/plugin-sdk/client";
import { connectAuth, connectIpFilter } from "@fairlead/plugin-sdk/testing";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles when both are the same type; `any` is the same as nothing but itself. */
declare function same<A, B>(...proof: Same<A, B> extends true ? [] : [never]): void;

// Every check is optional; requests and contexts come typed, results may come later.
void serveAuth({});
void serveAuth({
  checkPassword(request, context) {
    same<typeof request, PasswordRequest>();
    same<typeof context, CallContext>();
    return request.isKnown ? user({ ...request.user, quota_files: 10 }) : denied("unknown");
  },
  checkPublicKey: async ({ publicKey }) => await Promise.resolve(publicKey === "" ? denied("no key") : unchanged()),
  checkKeyboardInteractive(request) {
    same<typeof request, AuthRequest>();
    return unchanged();
  },
  async keyboardInteractive(dialogue) {
    same<typeof dialogue, KeyboardDialogue>();
    const answers = await dialogue.ask(["Token: "], { echo: false });
    same<typeof answers, readonly string[]>();
    return answers[0] === "" ? denied("no token") : accepted();
  },
});
// @ts-expect-error no such check
void serveAuth({ checkCertificate: () => unchanged() });
// @ts-expect-error a check must say something
void serveAuth({ checkPassword() {} });
// @ts-expect-error a truth is no result
void serveAuth({ checkPassword: () => true });
// @ts-expect-error what ends a login by keyboard does not end a check
void serveAuth({ checkPassword: () => accepted() });
// @ts-expect-error an auth plugin has no events
void serveAuth({ checkPassword: (_request, { eventId }) => denied(String(eventId)) });

// Users have SFTPGo's fields, all optional, none to be written to.
const ann = createUser({
  username: "ann",
  quota_size: 2n ** 60n,
  virtual_folders: [{ name: "f", virtual_path: "/f" }],
});
same<typeof ann, SftpgoUser>();
createUser({
  username: "ann",
  filesystem: { provider: 1, s3config: { access_secret: { status: "Plain", payload: "p" } } },
});
// @ts-expect-error a user has a name
createUser({});
// @ts-expect-error no such field
createUser({ username: "ann", quota: 1 });
// @ts-expect-error documents are not written to
ann.quota_files = 1;

void serveKms({
  encrypt(request) {
    same<typeof request, EncryptRequest>();
    return { payload: request.payload, key: "", mode: 0 };
  },
  decrypt: async ({ payload }) => await Promise.resolve(payload),
});
// @ts-expect-error what was encrypted must be decrypted
void serveKms({ encrypt: ({ payload }) => ({ payload, key: "", mode: 0 }) });

void serveIpFilter({
  check(request) {
    same<typeof request, IpCheck>();
    return request.protocol === "SSH" ? allowed() : denied("only SSH");
  },
});
// @ts-expect-error a filter filters
void serveIpFilter({ reload() {} });
// @ts-expect-error the user is not known yet
void serveIpFilter({ check: () => unchanged() });

void servePlugin({
  auth: { checkPassword: () => unchanged() },
  gate: {
    check(request) {
      same<typeof request, GateRequest>();
      return request.operation === "delete" ? denied("kept") : allowed();
    },
  },
});
// @ts-expect-error a refusal says why
void servePlugin({ auth: {}, gate: { check: () => ({ allowed: false }) } });

provide(authKind, { checkPassword: () => unchanged() });
// @ts-expect-error no such check
provide(kmsKind, { seal() {} });

same<ClientOf<typeof authKind>, AuthClient>();
same<ClientOf<typeof kmsKind>, KmsClient>();
same<ClientOf<typeof ipFilterKind>, IpFilterClient>();
same<ClientOf<typeof gateKind>, GateClient>();
same<ClientOf<typeof pluginInfoKind>, PluginInfoClient>();

const { client: auth } = await connectAuth({});
same<typeof auth, AuthClient>();
declare const bytes: Uint8Array;
const check = { username: "ann", ip: "::1", protocol: "SSH", user: bytes };
await auth.checkPassword({ ...check, password: "pw" }, { timeoutMs: 1 });
// @ts-expect-error a password check has a password
await auth.checkPassword(check);
// @ts-expect-error the user travels as it is stored
await auth.checkKeyboardInteractive({ ...check, user: {} });

const { client: filter } = await connectIpFilter({ check: () => allowed() });
await filter.checkIp("::1", "SSH", { signal: AbortSignal.timeout(1) });
await filter.reload();

declare const gate: GateClient;
declare const operation: GateRequest;
same<Awaited<ReturnType<typeof gate.check>>, GateDecision>();
// @ts-expect-error sizes are bigint
await gate.check({ ...operation, fileSizeBytes: 1 });
// @ts-expect-error no such operation
await gate.check({ ...operation, operation: "chmod" });

declare const info: PluginInfoClient;
same<Awaited<ReturnType<typeof info.describe>>, PluginInfo | undefined>();

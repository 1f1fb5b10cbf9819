import type { ClientConnection } from "@fairlead/grpc";
import { createCaller, createPluginClient } from "../rpc/plugin-client.ts";
import type { CallsOf, PluginClient } from "../rpc/plugin-client.ts";
import type { RpcOptions } from "../rpc/rpc-options.ts";
import type {
  KeyboardInteractiveCheck,
  KeyboardStepRequest,
  KeyboardStepResponse,
  PasswordCheck,
  PublicKeyCheck,
  TlsCertificateCheck,
} from "./auth-messages.ts";
import { authMethods } from "./auth-methods.ts";

/**
 * An auth plugin as its host calls it. A check resolves to the answer's bytes as they came: a user's JSON, or nothing for
 * "as stored". It rejects with a `GrpcError` when the plugin refused or failed, which SFTPGo does not tell apart.
 */
export interface AuthClient extends PluginClient {
  checkPassword(request: PasswordCheck, options?: RpcOptions): Promise<Uint8Array>;
  checkPublicKey(request: PublicKeyCheck, options?: RpcOptions): Promise<Uint8Array>;
  checkTlsCertificate(request: TlsCertificateCheck, options?: RpcOptions): Promise<Uint8Array>;
  /** Asked before the first step of a keyboard-interactive login. */
  checkKeyboardInteractive(request: KeyboardInteractiveCheck, options?: RpcOptions): Promise<Uint8Array>;
  /** One round of a keyboard-interactive login. */
  sendKeyboardStep(request: KeyboardStepRequest, options?: RpcOptions): Promise<KeyboardStepResponse>;
}

/** Calls the auth service of the plugin at the other end of `connection`. */
export function createAuthClient(connection: ClientConnection): AuthClient {
  const call = createCaller(connection);
  return createPluginClient<CallsOf<AuthClient>>(connection, {
    checkPassword: call(authMethods.checkPassword),
    checkPublicKey: call(authMethods.checkPublicKey),
    checkTlsCertificate: call(authMethods.checkTlsCertificate),
    checkKeyboardInteractive: call(authMethods.checkKeyboardInteractive),
    sendKeyboardStep: call(authMethods.sendKeyboardStep),
  });
}

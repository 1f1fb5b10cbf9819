import type {
  KeyboardInteractiveCheck,
  KeyboardStepRequest,
  KeyboardStepResponse,
  PasswordCheck,
  PublicKeyCheck,
  RpcOptions,
  TlsCertificateCheck,
} from "@fairlead/plugin-sdk/client";

/** The bits of an auth plugin's `scope`. */
export const AuthScope = { password: 1, publicKey: 2, keyboardInteractive: 4, tlsCertificate: 8 } as const;

/** One bit of an auth plugin's `scope`. */
export type AuthScope = (typeof AuthScope)[keyof typeof AuthScope];

/**
 * The server's door to its auth plugins. A login is decided by the first entry whose scope has its bit, and by no other:
 * when that one cannot be asked the login is refused.
 *
 * The checks resolve to the answer's bytes as they came. They reject with a `PluginHostError`:
 * `ERR_PLUGIN_CALL` when the plugin refused or failed (gRPC does not tell which; the `GrpcError` is the cause),
 * `ERR_PLUGIN_UNAVAILABLE` when it does not run, `ERR_PLUGIN_NOT_CONFIGURED` when no entry has the bit. Its
 * `details.summary` is the line SFTPGo would log: `plugin auth error for user "ann": rpc error: code = …`.
 */
export interface AuthHub {
  /** True when some entry has the bit, whatever the state of its plugin. */
  handles(scope: AuthScope): boolean;
  checkPassword(request: PasswordCheck, options?: RpcOptions): Promise<Uint8Array>;
  checkPublicKey(request: PublicKeyCheck, options?: RpcOptions): Promise<Uint8Array>;
  checkTlsCertificate(request: TlsCertificateCheck, options?: RpcOptions): Promise<Uint8Array>;
  checkKeyboardInteractive(request: KeyboardInteractiveCheck, options?: RpcOptions): Promise<Uint8Array>;
  /** Asks the plugin that answered the check, the first one with the keyboard-interactive bit. */
  sendKeyboardStep(request: KeyboardStepRequest, options?: RpcOptions): Promise<KeyboardStepResponse>;
}

import type {
  FsEventsFilter,
  KeyboardStepResponse,
  LogEventsFilter,
  ProviderEventsFilter,
} from "@fairlead/plugin-sdk/client";

export type KindName = "auth" | "eventsearcher" | "ipfilter" | "kms";

/** One call to a plugin, with the sdk's name of the method. */
export type KindsCall =
  | {
      readonly do: "CheckUserAndPass" | "CheckUserAndPublicKey" | "CheckUserAndTLSCert";
      readonly username: string;
      readonly credential: string;
      readonly ip: string;
      readonly protocol: string;
      /** JSON. */
      readonly user: string;
    }
  | {
      readonly do: "CheckUserAndKeyboardInteractive";
      readonly username: string;
      readonly ip: string;
      readonly protocol: string;
      readonly user: string;
    }
  | {
      readonly do: "SendKeyboardAuthRequest";
      readonly requestId: string;
      readonly username: string;
      readonly credential: string;
      readonly ip: string;
      readonly answers: readonly string[];
      readonly questions: readonly string[];
      readonly step: number;
    }
  | {
      readonly do: "Encrypt";
      readonly payload: string;
      readonly additionalData: string;
      readonly url: string;
      readonly masterKey: string;
    }
  | {
      readonly do: "Decrypt";
      readonly payload: string;
      readonly key: string;
      readonly additionalData: string;
      readonly mode: number;
      readonly url: string;
      readonly masterKey: string;
    }
  | { readonly do: "CheckIP"; readonly ip: string; readonly protocol: string }
  | { readonly do: "Reload" }
  | { readonly do: "SearchFsEvents"; readonly filter: FsEventsFilter }
  | { readonly do: "SearchProviderEvents"; readonly filter: ProviderEventsFilter }
  | { readonly do: "SearchLogEvents"; readonly filter: LogEventsFilter };

/** A text for answers of bytes or text; nothing where there is no answer. */
export type KindsAnswer = string | KeyboardStepResponse | { payload: string; key: string; mode: number } | null;

/** A call that failed: what the plugin or gRPC said. */
export class CallFailed extends Error {
  /** As Go spells it: `Unknown`, `DeadlineExceeded` … */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One plugin under a host. */
export interface KindsHost extends AsyncDisposable {
  readonly pid: number;
  /** Rejects with {@link CallFailed}. */
  call(call: KindsCall): Promise<KindsAnswer>;
  /** Ends plugin and host. Idempotent. */
  stop(): Promise<void>;
}

export interface LaunchKindsOptions {
  readonly kind: KindName;
  readonly plugin: string;
  readonly autoMtls: boolean;
  /** What the plugin finds in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

export type LaunchKindsHost = (options: LaunchKindsOptions) => Promise<KindsHost>;

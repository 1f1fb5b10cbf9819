import type { CookiePair } from "@fairlead/go-plugin";
import {
  AUTH_HANDSHAKE,
  EVENTSEARCHER_HANDSHAKE,
  IPFILTER_HANDSHAKE,
  KMS_HANDSHAKE,
  NOTIFIER_HANDSHAKE,
  authKind,
  eventSearcherKind,
  gateKind,
  ipFilterKind,
  kmsKind,
  notifierKind,
  pluginInfoKind,
} from "@fairlead/plugin-sdk/client";
import type {
  AuthClient,
  EventSearcherClient,
  IpFilterClient,
  KmsClient,
  NotifierClient,
} from "@fairlead/plugin-sdk/client";
import type { PluginType } from "../config/plugin-config.ts";
import { countCalls } from "./running-calls.ts";
import type { CallObserver, RunningCalls } from "./running-calls.ts";

/** What each type of plugin is called with. */
export interface ClientByType {
  readonly notifier: NotifierClient;
  readonly auth: AuthClient;
  readonly kms: KmsClient;
  readonly ipfilter: IpFilterClient;
  readonly eventsearcher: EventSearcherClient;
}

/** The environment variable that tells a plugin to serve a type; all of them are of application protocol version 1. */
export const COOKIES: Readonly<Record<PluginType, CookiePair>> = {
  notifier: NOTIFIER_HANDSHAKE,
  auth: AUTH_HANDSHAKE,
  kms: KMS_HANDSHAKE,
  ipfilter: IPFILTER_HANDSHAKE,
  eventsearcher: EVENTSEARCHER_HANDSHAKE,
};

/** The application protocol version of every type. */
export const PROTOCOL_VERSION = 1;

/**
 * Everything a process may be asked for, counted in `calls`: the types, and what only Fairlead asks for.
 *
 * @param onNotifierCall hears of each delivery; the other types' hubs count for themselves
 */
export function createKinds(calls: RunningCalls, onNotifierCall: CallObserver) {
  return {
    notifier: countCalls(notifierKind, calls, onNotifierCall),
    auth: countCalls(authKind, calls),
    kms: countCalls(kmsKind, calls),
    ipfilter: countCalls(ipFilterKind, calls),
    eventsearcher: countCalls(eventSearcherKind, calls),
    gate: countCalls(gateKind, calls),
    "plugin-info": countCalls(pluginInfoKind, calls),
  } as const;
}

export type Kinds = ReturnType<typeof createKinds>;

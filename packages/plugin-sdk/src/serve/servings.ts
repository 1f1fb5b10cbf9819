import type { AuthHandlers } from "../auth/auth-handlers.ts";
import type { EventSearcherHandlers } from "../eventsearcher/eventsearcher-handlers.ts";
import {
  AUTH_HANDSHAKE,
  EVENTSEARCHER_HANDSHAKE,
  IPFILTER_HANDSHAKE,
  KMS_HANDSHAKE,
  NOTIFIER_HANDSHAKE,
} from "../handshakes.ts";
import type { IpFilterHandlers } from "../ipfilter/ipfilter-handlers.ts";
import type { KmsHandlers } from "../kms/kms-handlers.ts";
import type { NotifierHandlers } from "../notifier/notifier-handlers.ts";
import type { KindServing } from "./kind-serving.ts";

export const notifierServing: KindServing<NotifierHandlers> = {
  type: "notifier",
  handshake: NOTIFIER_HANDSHAKE,
  load: async () => (await import("../notifier/served-notifier.ts")).servedNotifier,
};

export const authServing: KindServing<AuthHandlers> = {
  type: "auth",
  handshake: AUTH_HANDSHAKE,
  load: async () => (await import("../auth/served-auth.ts")).servedAuth,
};

export const kmsServing: KindServing<KmsHandlers> = {
  type: "kms",
  handshake: KMS_HANDSHAKE,
  load: async () => (await import("../kms/served-kms.ts")).servedKms,
};

export const ipFilterServing: KindServing<IpFilterHandlers> = {
  type: "ipfilter",
  handshake: IPFILTER_HANDSHAKE,
  load: async () => (await import("../ipfilter/served-ipfilter.ts")).servedIpFilter,
};

export const eventSearcherServing: KindServing<EventSearcherHandlers> = {
  type: "eventsearcher",
  handshake: EVENTSEARCHER_HANDSHAKE,
  load: async () => (await import("../eventsearcher/served-eventsearcher.ts")).servedEventSearcher,
};

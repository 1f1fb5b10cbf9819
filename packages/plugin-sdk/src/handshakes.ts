import type { CookiePair } from "@fairlead/go-plugin";

// Apart from the kinds, because a process must know all of them to know which it is started for, and load only those.

/** The magic cookie of notifier plugins, as SFTPGo's SDK defines it. */
export const NOTIFIER_HANDSHAKE: CookiePair = {
  key: "SFTPGO_PLUGIN_NOTIFIER",
  value: "c499b98b-cd59-4df2-92b3-6268817f4d80",
};

/** The magic cookie of auth plugins, as SFTPGo's SDK defines it. */
export const AUTH_HANDSHAKE: CookiePair = {
  key: "SFTPGO_PLUGIN_AUTH",
  value: "d1ed507d-d2be-4a38-a460-6fe0b2cc7efc",
};

/** The magic cookie of KMS plugins, as SFTPGo's SDK defines it. */
export const KMS_HANDSHAKE: CookiePair = {
  key: "SFTPGO_PLUGIN_KMS",
  value: "223e3571-7ed2-4b96-b4b3-c7eb87d7ca1d",
};

/** The magic cookie of IP filters, as SFTPGo's SDK defines it. */
export const IPFILTER_HANDSHAKE: CookiePair = {
  key: "SFTPGO_PLUGIN_IPFILTER",
  value: "368dbdab-4839-4bec-b75f-fc74a2d50f24",
};

/** The magic cookie of event searchers, as SFTPGo's SDK defines it. */
export const EVENTSEARCHER_HANDSHAKE: CookiePair = {
  key: "SFTPGO_PLUGIN_EVENTSEARCHER",
  value: "2b523805-0279-471c-895e-6c0d39002ca4",
};

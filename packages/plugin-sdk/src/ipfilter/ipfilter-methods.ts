import { defineMethod } from "@fairlead/grpc";
import { CheckIPRequest } from "../gen/ipfilter/ipfilter.ts";
import { createCodec, emptyCodec } from "../rpc/codecs.ts";

/** Somebody connects. */
export interface IpCheck {
  /** The client's address without port; IPv6 without brackets. */
  readonly ip: string;
  /** `SSH`, `FTP`, `DAV` or `HTTP`. */
  readonly protocol: string;
}

const ipCheck = createCodec<CheckIPRequest, IpCheck>(
  CheckIPRequest,
  ({ ip, protocol }) => ({ ip, protocol }),
  ({ ip, protocol }) => ({ ip, protocol }),
);

/** The service `proto.IPFilter`, on domain types. */
export const ipFilterMethods = {
  checkIp: defineMethod("unary", "/proto.IPFilter/CheckIP", ipCheck, emptyCodec),
  reload: defineMethod("unary", "/proto.IPFilter/Reload", emptyCodec, emptyCodec),
} as const;

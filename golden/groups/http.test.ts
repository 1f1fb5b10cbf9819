/** Administrators' tokens, and the addresses that HTTP is asked from. */
import { goldenGroup } from "../harness/golden-group.ts";
import type { SituationDetails } from "../harness/situation.ts";

const admins = [{ username: "admin", permissions: ["*"] }];

goldenGroup(
  "http: administrators",
  { admins, plugins: [{ type: "auth", cmd: "probe-auth", auto_mtls: true, auth_options: { scope: 15 } }] },
  { "A-http-admin": {}, "L-admin-ok": {}, "L-admin-bad": {} },
);

const denied: SituationDetails = {
  behaviours: { CheckIP: [{ error: { code: "PERMISSION_DENIED", message: "denied by probe" } }] },
};

goldenGroup(
  "http: ipfilter",
  { admins, plugins: [{ type: "ipfilter", cmd: "probe-ipfilter", auto_mtls: true }] },
  {
    "I-http-healthz": {},
    "I-http-404": {},
    "I-http-token-noauth": {},
    "I-http-version-noauth": {},
    "I-http-acme": {},
    "I-http-xff": {},
    "I-http-deny-healthz": denied,
    "I-http-deny-token": denied,
    "I-http-deny-openapi": denied,
  },
);

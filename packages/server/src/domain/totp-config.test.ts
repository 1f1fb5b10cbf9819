import assert from "node:assert/strict";
import { test } from "node:test";

import { FairleadError } from "./fairlead-error.ts";
import { checkTotpConfig } from "./totp-config.ts";
import { parseUser } from "./user.ts";

const GOOD = { enabled: true, config_name: "Default", secret: { status: "Plain", payload: "x" }, protocols: ["SSH"] };

function check(change: Readonly<Record<string, unknown>>): void {
  checkTotpConfig(parseUser({ username: "ann", filters: { totp_config: { ...GOOD, ...change } } }), ["Default"]);
}

test("a complete second factor is accepted, and one that is off whatever it holds", () => {
  check({});
  check({ protocols: ["SSH", "FTP", "HTTP"] });
  check({ enabled: false, config_name: "", secret: {}, protocols: [] });
  checkTotpConfig(parseUser({ username: "ann" }), []);
});

test("what SFTPGo refuses is refused, by field", () => {
  for (const [change, field] of [
    [{ config_name: "Gone" }, "config_name"],
    [{ config_name: "" }, "config_name"],
    [{ secret: {} }, "secret"],
    [{ secret: "x" }, "secret"],
    [{ protocols: [] }, "protocols"],
    [{ protocols: ["DAV"] }, "protocols"],
  ] as const) {
    assert.throws(
      () => check(change),
      (error: Error) => FairleadError.is(error) && error.details["field"] === `filters.totp_config.${field}`,
    );
  }
});

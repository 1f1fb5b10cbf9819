import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeTlsFailure } from "./tls-failure.ts";

describe("a failed TLS handshake", () => {
  const failures: readonly (readonly [what: string, error: Error, text: string])[] = [
    [
      "says in words that the other side speaks plaintext, not where OpenSSL noticed [tls:mismatch]",
      Object.assign(
        new Error("40C3DDE23E7F0000:error:0A00010B:SSL routines:f:wrong version number:../deps/a.c:78:\n"),
        {
          code: "ERR_SSL_WRONG_VERSION_NUMBER",
          reason: "wrong version number",
        },
      ),
      "wrong version number (ERR_SSL_WRONG_VERSION_NUMBER): the other side does not speak TLS",
    ],
    [
      "says that the authority is not trusted [tls:mismatch]",
      Object.assign(new Error("unable to verify the first certificate"), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }),
      "unable to verify the first certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE): nobody whom this side trusts issued its certificate",
    ],
    [
      "is explained by its code alone, where there is no more [tls:mismatch]",
      new Error("DEPTH_ZERO_SELF_SIGNED_CERT"),
      "DEPTH_ZERO_SELF_SIGNED_CERT: nobody whom this side trusts issued its certificate",
    ],
    ["stays on one line [tls:mismatch]", new Error("one\n  two\n"), "one two"],
    ["adds nothing to what says it all [tls:mismatch]", new Error("socket hang up"), "socket hang up"],
  ];
  for (const [what, error, text] of failures) {
    it(what, () => assert.equal(describeTlsFailure(error), text));
  }
});

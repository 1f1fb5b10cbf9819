/** What stands in OpenSSL's errors and in Node's own about TLS. */
export interface TlsFailure {
  readonly message: string;
  readonly code?: string;
  /** OpenSSL's, without the thread, the number and the place in its source that `message` has around it. */
  readonly reason?: string;
}

// As Node calls them: X509_V_ERR_… of OpenSSL, of a chain that ends elsewhere than in `ca`.
const FOREIGN_AUTHORITY: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Why a TLS handshake failed, on one line: what was seen, its code, and what that means where it does not say so. */
export function describeTlsFailure({ message, code = "", reason = message }: TlsFailure): string {
  const seen = reason.trim().replaceAll(/\s+/g, " ");
  const shown = code === "" || code === seen ? seen : `${seen} (${code})`;
  const meaning = explain(code === "" ? seen : code);
  return meaning === undefined ? shown : `${shown}: ${meaning}`;
}

function explain(code: string): string | undefined {
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") return "the other side does not speak TLS";
  return FOREIGN_AUTHORITY.has(code) ? "nobody whom this side trusts issued its certificate" : undefined;
}

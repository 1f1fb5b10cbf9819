import ssh2 from "ssh2";
import type { PublicKeyAuthContext } from "ssh2";

/** The algorithm the client signs with; ssh2 says `ssh-rsa` for all RSA keys and the hash beside it. */
export function signatureAlgorithm(context: PublicKeyAuthContext): string {
  if (context.key.algo !== "ssh-rsa") {
    return context.key.algo;
  }
  // Without a hash it is the old `ssh-rsa` signature with SHA-1.
  return context.hashAlgo === undefined ? "ssh-rsa" : `rsa-sha2-${context.hashAlgo.replace("sha", "")}`;
}

/** Whether the request is signed with the private half of the key it names (RFC 4252 section 7). */
export function isSignedBy(context: PublicKeyAuthContext): boolean {
  const { blob, signature, hashAlgo } = context;
  const key = ssh2.utils.parseKey(context.key.data);
  if (key instanceof Error || blob === undefined || signature === undefined) {
    return false;
  }
  if (key.type !== context.key.algo) {
    return false; // the algorithm the client named must be the key's own, whatever the key's bytes say
  }
  // ssh2 answers with an Error, which is truthy, when the signature has the wrong shape.
  const verdict: unknown = key.verify(blob, signature, hashAlgo);
  return verdict === true;
}

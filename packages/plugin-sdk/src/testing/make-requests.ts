import type { GateRequest } from "../gate/gate-messages.ts";
import type { DecryptRequest, EncryptRequest } from "../kms/kms-messages.ts";

/** A secret to encrypt, for a test; without changes, one of the user `alice`. */
export function makeEncryptRequest(changes: Partial<EncryptRequest> = {}): EncryptRequest {
  return { payload: "a secret", additionalData: "alice", url: "awskms://alias/test", masterKey: "", ...changes };
}

/** A secret to decrypt, for a test: what `encrypt` gave, with what {@link makeEncryptRequest} had. */
export function makeDecryptRequest(changes: Partial<DecryptRequest> = {}): DecryptRequest {
  const { additionalData, url, masterKey } = makeEncryptRequest();
  return { payload: "", key: "", mode: 0, additionalData, url, masterKey, ...changes };
}

/** An operation to decide about, for a test; without changes, `alice` uploads a new `/report.txt`. */
export function makeGateRequest(changes: Partial<GateRequest> = {}): GateRequest {
  return {
    operation: "upload",
    username: "alice",
    ip: "192.0.2.1",
    protocol: "SFTP",
    sessionId: "SFTP_0123456789abcdef_1",
    path: "/srv/sftp/alice/report.txt",
    virtualPath: "/report.txt",
    targetPath: "",
    virtualTargetPath: "",
    fileSizeBytes: 0n,
    openFlags: 0,
    role: "",
    ...changes,
  };
}

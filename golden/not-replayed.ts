import { matches } from "./harness/matches.ts";

/**
 * Recorded situations that are not replayed, with the reason. Every recording is either replayed by a group or listed here,
 * never both: `coverage.test.ts` holds that.
 */
export interface NotReplayed {
  readonly reason: string;
  /** Ids; a trailing `*` means every id that begins so. */
  readonly situations: readonly string[];
}

export const NOT_REPLAYED: readonly NotReplayed[] = [
  {
    reason: "FTP is not served",
    situations: [
      "F-*",
      "L-ftp-*",
      "A-ftp",
      "A-ftp-refused",
      "A-tls8-ftp-*",
      "A-tls9-ftp-*",
      "I-ftp-*",
      "I-by-protocol",
    ],
  },
  {
    reason: "WebDAV is not served",
    situations: ["D-*", "L-dav-*", "A-dav-*", "A-tls8-dav-*", "A-tls9-dav-*", "I-dav-allow"],
  },
  {
    reason: "no HTTP API for users: files, shares, profile, passwords, tokens",
    situations: [
      "H-*",
      "L-http-*",
      "A-http-user",
      "A-http-refused",
      "A-changepwd",
      "K-totp-http*",
      "K4-totp-http-ok",
      "K4-noplugin-totp-http",
      "N-prov-self-*",
      "N-prov-share-update",
    ],
  },
  { reason: "no event manager", situations: ["EM-*", "P-eventrule", "K-eventaction-http"] },
  {
    reason:
      "no REST administration: users, folders, groups, roles, admins, API keys, IP lists, and their provider events",
    situations: [
      "N-prov-user-add-ro",
      "N-prov-user-add-quota",
      "N-quota-usage",
      "P-user-*",
      "P-quota-*",
      "P-2fa-disable",
      "P-folder-*",
      "P-group-*",
      "P-role-*",
      "P-admin-*",
      "P-apikey",
      "P-iplist",
      "P-iplist-badbody",
      "P-loaddata",
      "I-http-adduser",
      "K-user-update-*",
      "K-user-sftpfs-add",
      "K-user-s3-add",
      "K-folder-add",
      "K-group-add",
      "K-dumpdata",
      "K2-admin-totp",
      "K2-loaddata",
      "K3-noplugin-rest",
      "K5-noplugin-get",
    ],
  },
  {
    reason: "no commands that change files over SSH: sftpgo-copy, sftpgo-remove",
    situations: ["N-denied-sshcmd", "N-ssh-sftpgo_*", "N-ssh-copy-*", "N-ssh-remove-dir", "Q-copy-over"],
  },
  {
    reason: "no web pages: user interface, OpenAPI, static files",
    situations: ["I-http-static", "I-http-root", "I-http-openapi", "I-http-deny-weblogin"],
  },
  {
    reason: "no file systems but the local disk: encrypted, SFTP, S3",
    situations: [
      "K-login-crypt",
      "K-login-crypt-again",
      "K-login-crypt-md5",
      "K-login-sftpfs",
      "K-login-key-*",
      "K-login-mode5",
      "K-decrypt-*",
      "K-crash",
      "K-local-url-old-secret",
      "K-plugin-url-local-secret",
      "K2-s3-login",
      "K3-noplugin-get",
      "K4-setup",
      "K4-noplugin-crypt",
      "K4-back",
    ],
  },
  { reason: "no defender", situations: ["A-outage-ban", "I2-defender", "I2-deny-score"] },
  { reason: "no initprovider command", situations: ["X-cli-initprovider"] },
  { reason: "no virtual folders", situations: ["P-vf-upload", "K-login-vf-use", "K4-noplugin-folder"] },
  { reason: "a SIGHUP that no plugin is told of: nothing was recorded", situations: ["P-startup-stop"] },
];

/** Why a recorded situation is not replayed; undefined when it is. */
export function reasonNotReplayed(id: string): string | undefined {
  return NOT_REPLAYED.find(({ situations }) => situations.some((pattern) => matches(pattern, id)))?.reason;
}

/**
 * Where Fairlead means to differ from what was recorded. Each entry says why; one that no longer is a difference, or names
 * a situation that is not replayed, fails the golden tests.
 */
export interface DeliberateDifference {
  /** Ids of situations; `*` stands for any text. */
  readonly situations: readonly string[];
  /** The difference's name in the report; `*` stands for any text. */
  readonly at: string;
  /** Only when ours, theirs, is exactly this. */
  readonly ours?: unknown;
  readonly theirs?: unknown;
  /** Not in every run: a race that the recording had too. Only this spares an entry from being stale. */
  readonly sometimes?: true;
  readonly reason: string;
}

const SFTP_EXTENSIONS =
  "Fairlead has SFTP extensions that SFTPGo lacks: names for ids in long listings, hard links, copy-data";
const LIBRARY_MESSAGES =
  "the message is that of the SSH library or the system, which Go words differently; the event and its facts are the same";

export const DELIBERATE_DIFFERENCES: readonly DeliberateDifference[] = [
  { situations: ["N-list", "N-symlink-mode*", "N2-symlink-mode1*"], at: "client: out", reason: SFTP_EXTENSIONS },
  { situations: ["N-hardlink", "N-copy-data"], at: "client: *", reason: SFTP_EXTENSIONS },
  { situations: ["N-hardlink"], at: "too many: copy /e.txt", reason: SFTP_EXTENSIONS },
  { situations: ["N-copy-data"], at: "too many: *", reason: SFTP_EXTENSIONS },
  {
    situations: ["N-download-missing-direct", "N-open-w-missing-dir", "N-open-excl-exists", "N-rmdir-file"],
    at: "client: err",
    reason: "the status code is SFTPGo's, the text beside it is the system's own and says more",
  },
  {
    situations: ["N-abort-over-mode1"],
    at: "files left",
    ours: { "t.txt": 150 },
    reason: "an atomic upload that is cut off leaves the old file as it was; SFTPGo removes it",
  },
  { situations: ["L-ssh1"], at: "client: out", reason: "the server says its own name" },
  { situations: ["L-ssh1"], at: "log 3: message", reason: LIBRARY_MESSAGES },
  { situations: ["L-kex-done-close"], at: "log 3: message", sometimes: true, reason: LIBRARY_MESSAGES },
  {
    situations: ["L-no-common-kex"],
    at: "log 4: message",
    reason: "the key exchanges on offer are those of Node's OpenSSL: no mlkem768x25519, no group exchange",
  },
  {
    situations: ["L-pw-bad-x8", "L-pw-bad-then-ok"],
    at: "missing: log 3",
    reason:
      "event 3 says that no login was tried; after a refused password, a client that breaks the protocol makes none",
  },
  {
    situations: ["L-pw-bad-x8-openssh"],
    at: "client: err",
    reason: "the connection ends after as many tries, with the library's reason code and no text",
  },
  {
    situations: ["L-two-sftp-channels"],
    at: "client: *",
    reason: "the recording client read a channel it had closed; the RPCs are what is compared",
  },
];

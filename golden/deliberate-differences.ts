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

  {
    situations: ["X-*"],
    at: "start of *: env PLUGIN_UNIX_SOCKET_DIR",
    reason: "each plugin has its socket in a folder that only the server's user may enter",
  },
  {
    situations: ["X-env-star-vars"],
    at: "start of *: env SFTPGO_PLUGIN_AUTH",
    reason:
      "the cookie of another kind that happens to be in the server's environment would make the plugin serve that kind",
  },
  {
    situations: ["X-ip-two-ssh"],
    at: "Reload: process",
    sometimes: true,
    reason: "every ipfilter is reloaded, in no order",
  },
  {
    situations: ["X-auth-scope-1"],
    at: "*",
    reason: "a scope that means nothing is refused: such a plugin is never asked, and nobody would know",
  },
  {
    situations: ["X-nosock", "X-nosock-plain"],
    at: "server",
    reason: "a plugin that cannot be reached is no plugin: the start fails, and says so",
  },
  {
    situations: ["X-second-fails", "X-portused", "X-kms-url-unknown"],
    at: "too many: serve_return of *",
    sometimes: true,
    reason: "a server that cannot start ends the plugins it has started",
  },
  {
    situations: ["X-second-fails"],
    at: "missing: start of notifier#1",
    sometimes: true,
    reason: "plugins start at the same time: one that fails at once ends another before it has begun",
  },
  {
    situations: ["X-same-cmd"],
    at: "*",
    reason: "two entries of the same command are two processes that leave each other alone",
  },
  {
    situations: ["X-ip-two-ssh", "X-ip-two"],
    at: "too many: *",
    reason: "every ipfilter is asked, reloaded and ended, not only the last one",
  },
  {
    situations: ["X-host-kill9"],
    at: "too many: serve_return of notifier#1",
    reason: "a plugin of our SDK ends with its server, however that ended",
  },

  {
    situations: ["A-pw-json-array", "A-pw-json-invalid"],
    at: "log 1 minu: message",
    reason: "SFTPGo shows the words of Go's JSON reader; ours say the same of the answer",
  },
  {
    situations: ["A-pw-json-folder-missing", "A-pw-json-other-name-exists"],
    at: "log 1 *: message",
    reason: "SFTPGo shows the words of its database, ours say what is wrong",
  },
  {
    situations: ["A-ki-openssh"],
    at: "client: err",
    sometimes: true,
    reason: "the client is killed at its prompt: whether it still reads why the server ended the login is chance",
  },
  {
    situations: ["A-ki-openssh"],
    at: "log *: message",
    reason: "the login's time is over: SFTPGo shows the words of Go's network library",
  },
  {
    situations: ["A-scope4-ki"],
    at: "*",
    reason:
      "steps go to the plugin that was asked first; SFTPGo looks for one with the password's scope, and fails without",
  },
  {
    situations: ["A-two-plugins-ki"],
    at: "SendKeyboardAuthRequest *: process",
    reason: "steps go to the plugin that was asked first; SFTPGo sends them to the one with the password's scope",
  },

  {
    situations: ["I-stop-plugin"],
    at: "too many: CheckIP 127.0.0.1",
    sometimes: true,
    reason: "a plugin that wakes up finds the call that was given up meanwhile; Go's server drops it, ours begins it",
  },
  {
    situations: ["E-answer-csv-empty", "E-answer-csv-notjson", "E-answer-csv-object", "E-err-csv", "E-noplugin-csv"],
    at: "client: *",
    reason:
      "CSV that cannot be made is answered with an error and its status; SFTPGo cuts the connection without a word",
  },
  {
    situations: ["E-csv-paging-DESC"],
    at: "SearchFsEvents: *_timestamp",
    reason: "descending rows go on before the last row, not after it",
  },
  {
    situations: ["E-crash"],
    at: "client 1: out",
    reason: "the words for a connection that ended are our own",
  },
  {
    situations: ["I-http-acme"],
    at: "too many: CheckIP 127.0.0.1",
    reason: "no certificate is got by ACME: there is no address that must stay open for it",
  },
  {
    situations: ["I-http-version-noauth", "I-http-xff"],
    at: "client: out",
    reason: "there is no such route, for anybody; the address is checked first all the same",
  },
  {
    situations: ["I-http-deny-*"],
    at: "client: out",
    ours: "403 application/json; charset=utf-8 52",
    reason: "the framework names the character set",
  },
  {
    situations: ["N-ssh-git_upload_pack_x", "N-ssh-nosuchcmd_x", "N-ssh-rsync_server_"],
    at: "client: *",
    reason: "the SSH library cannot refuse a command before it is begun: it ends with a message and status 1",
  },

  {
    situations: ["C-crash-queue3"],
    at: "too many: upload /a1",
    reason: "a full queue keeps the events that came first, in order",
  },
  {
    situations: ["C-crash-queue3"],
    at: "missing: first-upload /a1",
    reason: "a full queue keeps the events that came first, in order",
  },
  {
    situations: ["C-rpc-error-retry"],
    at: "too many: upload /a1",
    reason: "a failed event is sent again after a while that grows, not at the next check after up to 30 seconds",
  },
  {
    situations: ["C-rpc-error-retry2"],
    at: "*",
    reason: "the failed event was sent again before: nothing is left of it here",
  },
  {
    situations: ["C-rpc-exit"],
    at: "pre-upload /a1: process",
    reason: "events of a user are delivered in order: the one before reaches the process that then ends",
  },
  {
    situations: ["C-grace-time", "C-sigterm-in-flight"],
    at: "too many: *",
    reason: "plugins end after the clients: what ends or is cut off in the grace time is told",
  },
  {
    situations: ["K4-noplugin-totp-ki", "K5-noplugin-size", "K5-noplugin-exe"],
    at: "*",
    reason:
      "a secret that nothing can decrypt refuses the login, or keeps the other filters; SFTPGo drops all filters unsaid",
  },

  {
    situations: ["K-encrypt-empty"],
    at: "user add",
    reason: "an encrypted secret that is empty could never be read again: the user is refused, not stored",
  },

  {
    situations: ["C-crash-queue3"],
    at: "too many: log 1 full",
    reason: "failed logins wait in a queue of their own: strangers must not take the place of users' events",
  },
  {
    situations: ["A-pw-json-role-missing"],
    at: "*",
    reason: "a role is a name that is stored and passed on: there are no objects it could be checked against",
  },

  {
    situations: ["X-ip-two-ssh", "X-ip-two"],
    at: "CheckIP 127.0.0.1: process",
    sometimes: true,
    reason: "every ipfilter is asked: which of the two answers stands for the recorded one does not matter",
  },
  {
    situations: ["N-denied-scp-up", "Q-scp-over"],
    at: "client: err",
    reason: "the client is told which file it is about and why, in the words scp itself uses",
  },
];

/**
 * Side-by-side benchmarks: each is measured against its peer in the same run, so that ratios, not figures, are compared.
 *
 *     npm run bench [-- name …]
 *
 * FAIRLEAD_BENCH_ROUNDS sets the number of rounds; fewer are quicker and less sure. FAIRLEAD_SFTPGO names the folder of an
 * unpacked SFTPGo release to measure against too.
 */
import { benchJournal } from "./journal.ts";
import { benchLoadTime } from "./load-time.ts";
import { benchLogins } from "./logins.ts";
import { benchPluginStart } from "./plugin-start.ts";
import { benchRpc } from "./rpc.ts";
import { benchSftpTransfer } from "./sftp-transfer.ts";
import { benchSmallFiles } from "./small-files.ts";
import { formatReport, type Report } from "./harness/report.ts";

const benchmarks: ReadonlyMap<string, () => Promise<readonly Report[]>> = new Map([
  ["rpc", benchRpc],
  ["load-time", benchLoadTime],
  ["plugin-start", benchPluginStart],
  ["sftp-transfer", benchSftpTransfer],
  ["small-files", benchSmallFiles],
  ["journal", benchJournal],
  ["logins", benchLogins],
]);

const names = process.argv.slice(2);
const unknown = names.filter((name) => !benchmarks.has(name));
if (unknown.length > 0) {
  console.error(`no benchmark named ${unknown.join(", ")}; there are: ${[...benchmarks.keys()].join(", ")}`);
  process.exitCode = 2;
} else {
  for (const name of names.length > 0 ? names : benchmarks.keys()) {
    for (const report of await benchmarks.get(name)!()) console.log(formatReport(report));
  }
}

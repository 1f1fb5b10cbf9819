/** What the recordings' one-line notes about paramiko stand for. Sizes and pauses are those of the situations. */
export type ParamikoAction = Readonly<Record<string, unknown>>;

type Step = readonly [string, ...unknown[]];

function file(path: string, mode: string, steps: readonly Step[] = [], killed?: string): ParamikoAction {
  return { action: "file", path, mode, steps, ...(killed === undefined ? {} : { killed }) };
}

function call(method: string, ...args: readonly unknown[]): ParamikoAction {
  return { action: "call", method, arguments: args };
}

const overwriteKilled: readonly Step[] = [["write", 1000], ["flush"]];

/** Text after `paramiko: ` → action. The same text may mean something else in another group, which then says so. */
export const PARAMIKO_ACTIONS: Readonly<Record<string, ParamikoAction>> = {
  "open('ap.txt','r+') write 10 at 5": file("ap.txt", "r+", [
    ["seek", 5],
    ["write", 10],
  ]),
  "open('ap.txt','r+') close": file("ap.txt", "r+"),
  "open('ap.txt','r+') read 10": file("ap.txt", "r+", [["read", 10]]),
  "open('ap.txt','r+') read 10, write 10": file("ap.txt", "r+", [
    ["read", 10],
    ["write", 10],
  ]),
  "open('ap.txt','r+') truncate(3)": file("ap.txt", "r+", [["truncate", 3]]),
  "open('ap.txt','x')": file("ap.txt", "x"),
  "open('exnew.txt','x') write 10": file("exnew.txt", "x", [["write", 10]]),
  "open('ap.txt','w+') write 30": file("ap.txt", "w+", [["write", 30]]),
  "open('nodir/x.txt','w')": file("nodir/x.txt", "w"),
  "open('abort.bin','w') write 100 KiB, close transport": file(
    "abort.bin",
    "w",
    [["write", 100_000], ["flush"]],
    "transport closed without closing the handle",
  ),
  "open('abort0.bin','w'), close transport": file("abort0.bin", "w", [], "transport closed without closing the handle"),
  "open('long.bin','w') write sleep write": file("long.bin", "w", [
    ["write", 10],
    ["flush"],
    ["sleep", 1.2],
    ["write", 10],
  ]),
  "open('nope.txt','r')": file("nope.txt", "r"),
  "open('big.bin') read 1000 at 2 MiB, close": file("big.bin", "r", [
    ["seek", 2_097_152],
    ["read", 1000],
  ]),
  "open('big.bin') read 64 KiB, close": file("big.bin", "r", [
    ["read", 32_768],
    ["read", 32_768],
  ]),
  "open('big.bin') close": file("big.bin", "r"),
  "open('f1.txt','w') write 1000, close transport": file("f1.txt", "w", overwriteKilled, ""),
  "open('t.txt','w') write 1000, close transport": file("t.txt", "w", overwriteKilled, "killed"),
  "open('q1','r+') write 10 at 5": file("q1", "r+", [
    ["seek", 5],
    ["write", 10],
  ]),
  "open('q2','w') seek 1000 write 10": file("q2", "w", [
    ["seek", 1000],
    ["write", 10],
  ]),
  "open('q1','a') write 20": file("q1", "a", [["write", 20]]),
  "rmdir('e.txt')": call("rmdir", "e.txt"),
  "utime('e.txt')": call("utime", "e.txt", [1_600_000_000, 1_600_000_000]),
  "truncate('ap.txt',5)": call("truncate", "ap.txt", 5),
  "8 auth_password on one transport": {
    action: "passwords",
    passwords: Array.from({ length: 8 }, () => "nope"),
    typed: true,
  },
  "auth_password bad, good": { action: "passwords", passwords: ["nope", "full-pw"], typed: false },
  "auth_none ghost": { action: "none", user: "ghost" },
  "socket send SSH-1.5-x": { action: "raw-socket", send: "SSH-1.5-x\r\n" },
  "start_client, close": { action: "start-client" },
  "two transports": { action: "two-transports" },
  "two sftp channels": { action: "two-sftp-channels" },
  "(socket) connect recv": { action: "raw-socket" },
};

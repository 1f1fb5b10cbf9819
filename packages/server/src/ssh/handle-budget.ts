import { readFileSync } from "node:fs";

import type { HandleBudget } from "@fairlead/sftp";

/** Files and directories that clients have open, counted for all of them. */
export interface HandleLedger {
  /** The share of a new connection of that user. */
  open(username: string): HandleBudget;
}

/** Of all handles: nobody alone, with however many connections, may keep the others from opening a file. */
const USERS_PER_LEDGER = 2;
const CONNECTIONS_PER_LEDGER = 4;

/** What is left to sockets, plugins, the store and the user's home: descriptors that are no handles. */
const RESERVED_FILES = 256;
const RESERVED_PART = 4;
/** More is of no use to honest clients, and each handle costs memory too. */
const MAX_HANDLES = 65_536;
const MIN_HANDLES = 16;

export function createHandleLedger(total: number): HandleLedger {
  const perUser = Math.ceil(total / USERS_PER_LEDGER);
  const perConnection = Math.ceil(total / CONNECTIONS_PER_LEDGER);
  const takenByUser = new Map<string, number>();
  let taken = 0;

  function count(username: string, difference: 1 | -1): void {
    taken += difference;
    const ofUser = (takenByUser.get(username) ?? 0) + difference;
    if (ofUser === 0) {
      takenByUser.delete(username);
    } else {
      takenByUser.set(username, ofUser);
    }
  }

  return {
    open(username) {
      let takenHere = 0;
      return {
        take() {
          const isFree = taken < total && takenHere < perConnection && (takenByUser.get(username) ?? 0) < perUser;
          if (isFree) {
            takenHere += 1;
            count(username, 1);
          }
          return isFree;
        },
        giveBack() {
          takenHere -= 1;
          count(username, -1);
        },
      };
    },
  };
}

/** How many handles clients may have open, given how many files this process may; 0.75 of them, and 256 less at least. */
export function handlesWithin(openFileLimit: number | undefined): number {
  if (openFileLimit === undefined) {
    return MAX_HANDLES;
  }
  const reserved = Math.max(RESERVED_FILES, Math.ceil(openFileLimit / RESERVED_PART));
  // With few files, a reserve of 256 would leave none; a quarter of the limit is then for handles.
  const handles = Math.max(openFileLimit - reserved, Math.floor(openFileLimit / RESERVED_PART));
  return Math.min(MAX_HANDLES, Math.max(MIN_HANDLES, handles));
}

/** This process's limit of open files; `undefined` for none, or where it cannot be read. */
export function readOpenFileLimit(): number | undefined {
  try {
    // Node has raised the soft limit to the hard one by now.
    return parseOpenFileLimit(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return undefined; // not Linux
  }
}

/** The soft limit of open files in the text of `/proc/self/limits`. */
export function parseOpenFileLimit(limits: string): number | undefined {
  const match = /^Max open files +(\d+)/m.exec(limits);
  return match === null ? undefined : Number(match[1]);
}

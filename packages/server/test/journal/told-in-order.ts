import assert from "node:assert/strict";
import type { RecordedLine } from "../../../../e2e/harness/recorded-events.ts";

/** Something a user asked for, and whether the server's reply to it came. */
export interface Operation {
  /** `upload /a` */
  readonly what: string;
  readonly isDone: boolean;
}

interface Told {
  readonly id: string;
  readonly what: string;
  readonly username: string;
}

/**
 * Fails unless the plugin was told everything that was replied to, in each user's order, and twice only under the same id.
 * Of what a crash left without a reply nothing is known: it may have been told or not.
 */
export function assertToldInOrder(
  lines: readonly RecordedLine[],
  asked: ReadonlyMap<string, readonly Operation[]>,
): void {
  const told = tellings(lines);
  const byId = Map.groupBy(told, ({ id }) => id);
  for (const [id, same] of byId) {
    assert.equal(new Set(same.map(({ what, username }) => `${username} ${what}`)).size, 1, `${id} is of two events`);
  }
  const firsts = Array.from(byId.values(), ([first]) => first!);
  for (const [username, operations] of asked) {
    const mine = firsts.filter((one) => one.username === username).map(({ what }) => what);
    assert.equal(new Set(mine).size, mine.length, `${username} was told of one thing under two ids`);
    assertOrder(username, mine, operations);
  }
}

function assertOrder(username: string, told: readonly string[], operations: readonly Operation[]): void {
  let next = 0;
  for (const [index, { what, isDone }] of operations.entries()) {
    if (told[next] === what) next++;
    else if (isDone) {
      const where = told.includes(what) ? "out of its order" : "not at all";
      assert.fail(
        `${username}: ${what}, operation ${index} of ${operations.length}, was told ${where}; expected before ${told[next] ?? "the end"}`,
      );
    }
  }
  assert.equal(next, told.length, `${username} was told of what nobody did: ${told[next]}`);
}

/** `first-upload`, logins and what begins an operation are left out: here it is counted what was done. */
const counted: ReadonlySet<string> = new Set(["upload", "download", "rename", "delete", "mkdir", "rmdir"]);

function tellings(lines: readonly RecordedLine[]): readonly Told[] {
  return lines.flatMap((line) => {
    if (line.kind !== "fs" || !counted.has(line.event.action) || line.event.status !== 1) return [];
    const { action, username, virtualPath } = line.event;
    return [{ id: line.eventId ?? "", what: `${action} ${virtualPath}`, username }];
  });
}

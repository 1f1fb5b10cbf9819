/** Counts the open sessions of each user, for `max_sessions`. */
export interface SessionRegistry {
  count(username: string): number;
  /** Takes a place unless the user has `maxSessions` (0 = no limit) already. */
  open(username: string, maxSessions: number): SessionSlot | undefined;
}

/** A place taken; `release` gives it back, once. */
export interface SessionSlot {
  release(): void;
}

export function createSessionRegistry(): SessionRegistry {
  const open = new Map<string, Set<SessionSlot>>();
  const count = (username: string): number => open.get(username)?.size ?? 0;
  return {
    count,
    open(username, maxSessions) {
      if (maxSessions > 0 && count(username) >= maxSessions) {
        return undefined;
      }
      const slots = open.get(username) ?? new Set();
      open.set(username, slots);
      const slot = {
        release() {
          slots.delete(slot);
          if (slots.size === 0 && open.get(username) === slots) {
            open.delete(username);
          }
        },
      };
      slots.add(slot);
      return slot;
    },
  };
}

/** Most connections at one time; 0 = no limit. */
export interface ConnectionLimits {
  readonly total: number;
  readonly perHost: number;
  readonly unauthenticated: number;
  readonly unauthenticatedPerHost: number;
}

/** One connection's place in the count. */
export interface ConnectionPlace {
  /** It no longer counts as one that has not logged in. */
  authenticated(): void;
  /** It is gone. */
  release(): void;
}

/** Which limit a connection would break. */
export type LimitName = keyof ConnectionLimits;

/** Where the limit is set, for the log. */
export const LIMIT_SETTINGS: Readonly<Record<LimitName, string>> = {
  total: "common.max_total_connections",
  perHost: "common.max_per_host_connections",
  unauthenticated: "fairlead.max_unauthenticated_connections",
  unauthenticatedPerHost: "fairlead.max_unauthenticated_per_host",
};

export interface ConnectionCounter {
  readonly count: number;
  /** Takes a place for a connection from `ip`, or says which limit stands against it. */
  admit(ip: string): ConnectionPlace | LimitName;
}

/** Counts connections, all and by address, and among them those that have not logged in. */
export function createConnectionCounter(limits: ConnectionLimits): ConnectionCounter {
  const all = new Tally();
  const waiting = new Tally();

  function brokenLimit(ip: string): LimitName | undefined {
    const reached: readonly (readonly [LimitName, number])[] = [
      ["total", all.total],
      ["perHost", all.of(ip)],
      ["unauthenticated", waiting.total],
      ["unauthenticatedPerHost", waiting.of(ip)],
    ];
    return reached.find(([name, count]) => limits[name] > 0 && count >= limits[name])?.[0];
  }

  return {
    get count() {
      return all.total;
    },
    admit(ip) {
      const broken = brokenLimit(ip);
      if (broken !== undefined) {
        return broken;
      }
      const leaveAll = all.enter(ip);
      const leaveWaiting = waiting.enter(ip);
      return {
        authenticated: leaveWaiting,
        release() {
          leaveWaiting();
          leaveAll();
        },
      };
    },
  };
}

class Tally {
  readonly #byIp = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(ip: string): number {
    return this.#byIp.get(ip) ?? 0;
  }

  /** Returns the way out, which counts once. */
  enter(ip: string): () => void {
    this.#add(ip, 1);
    let isInside = true;
    return () => {
      if (isInside) {
        isInside = false;
        this.#add(ip, -1);
      }
    };
  }

  #add(ip: string, difference: 1 | -1): void {
    this.#total += difference;
    const count = this.of(ip) + difference;
    if (count === 0) {
      this.#byIp.delete(ip);
    } else {
      this.#byIp.set(ip, count);
    }
  }
}

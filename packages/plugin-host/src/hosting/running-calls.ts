import type { PluginKind } from "@fairlead/go-plugin";

type Connection = Parameters<PluginKind<never, unknown>["connect"]>[0];

/** Hears of a call's end. */
export type CallObserver = (durationMs: number, outcome: "ok" | "failed") => void;

/** The calls of one process that have not ended yet: it may not be stopped before them when its work is handed over. */
export class RunningCalls {
  #running = 0;
  #whenIdle: (() => void)[] = [];

  get count(): number {
    return this.#running;
  }

  begin(): void {
    this.#running++;
  }

  end(): void {
    this.#running--;
    if (this.#running > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  /** Settles when none runs. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }
}

/** The same kind, whose client counts its calls. Only unary calls: no kind has others. */
export function countCalls<Impl, Client>(
  kind: PluginKind<Impl, Client>,
  calls: RunningCalls,
  observe?: CallObserver,
): PluginKind<Impl, Client> {
  return { ...kind, connect: (connection, context) => kind.connect(countOn(connection, calls, observe), context) };
}

function countOn(connection: Connection, calls: RunningCalls, observe: CallObserver | undefined): Connection {
  const unary: Connection["unary"] = (method, request, options) => {
    const startedAtMs = observe === undefined ? 0 : performance.now();
    const ended = (outcome: "ok" | "failed"): void => {
      observe?.(performance.now() - startedAtMs, outcome);
      calls.end();
    };
    const response = connection.unary(method, request, options);
    calls.begin();
    response.then(
      () => ended("ok"),
      () => ended("failed"),
    );
    return response;
  };
  return {
    unary,
    serverStream: (method, request, options) => connection.serverStream(method, request, options),
    clientStream: (method, requests, options) => connection.clientStream(method, requests, options),
    bidi: (method, options) => connection.bidi(method, options),
    receive: (bytes) => connection.receive(bytes),
    closed: connection.closed,
    get closeReason() {
      return connection.closeReason;
    },
    close: (options) => connection.close(options),
    destroy: (reason) => connection.destroy(reason),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

import type { Echo, KvClient } from "../fixtures/kv-client.ts";

/** Has kv-host do something and gives its answer. */
export type Ask = (what: string, details: object) => Promise<unknown>;

/** The calls as requests to kv-host, which makes them. */
export function connectGoHost(ask: Ask): KvClient {
  return {
    put: async (key, value) => void (await ask("put", { key, value })),
    get: async (key) => (await ask("get", { key })) as string,
    add: async (key, amount, order) => (await ask("add", { key, amount, ...order })) as number,
    brokeredGet: async (key, order) => (await ask("brokered-get", { key, ...order })) as string,
    dialNobody: async (id) => void (await ask("dial", { amount: id })),
    count: async (upTo) => (await ask("count", { amount: upTo })) as number[],
    sum: async (numbers) => (await ask("sum", { numbers })) as number,
    totals: async (numbers) => (await ask("totals", { numbers })) as number[],
    echo: async (sizeBytes, replyBytes) => (await ask("echo", { sizeBytes, replyBytes })) as Echo,
    print: async (stream, text) => void (await ask("print", { key: stream, value: text })),
    log: async (level, message) => void (await ask("log", { key: level, value: message })),
    environment: async (name) => (await ask("environment", { key: name })) as string,
    crash: async (code) => void (await ask("crash", { code })),
    services: async () => (await ask("services", {})) as string[],
    methods: async (service) => (await ask("methods", { key: service })) as string[],
    sleep: async (milliseconds, options) => void (await ask("sleep", { milliseconds, ...options })),
  };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogFields, Logger } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/grpc";
import { parseFsEvents, parseLogEvents, parseProviderEvents } from "../src/client/index.ts";
import type { EventSearcherHandlers, FsEventsFilter, FsEventRow } from "../src/index.ts";
import {
  connectEventSearcher,
  makeFsEvent,
  makeFsEventsFilter,
  makeLogEvent,
  makeLogEventsFilter,
  makeProviderEvent,
  makeProviderEventsFilter,
} from "../src/testing/index.ts";

const row: FsEventRow = { ...makeFsEvent(), id: "1", instanceId: "node1" };

test("a search reaches its handler whole, and what it finds the server", async () => {
  const asked: unknown[] = [];
  await using searcher = await connectEventSearcher({
    searchFsEvents: (filter) => (asked.push(filter), [row]),
    searchProviderEvents: (filter) => (asked.push(filter), [{ ...makeProviderEvent(), id: "2" }]),
    searchLogEvents: (filter) => (asked.push(filter), [{ ...makeLogEvent(), id: "3" }]),
  });
  const filters = [
    makeFsEventsFilter({ actions: ["upload"], fsProvider: 0, order: "ascending" }),
    makeProviderEventsFilter({ objectName: "alice", omitObjectData: true }),
    makeLogEventsFilter({ events: [1, 2], startTimestampNs: 2n ** 60n }),
  ] as const;
  const [file] = parseFsEvents(await searcher.client.searchFsEvents(filters[0]));
  const [change] = parseProviderEvents(await searcher.client.searchProviderEvents(filters[1]));
  const [login] = parseLogEvents(await searcher.client.searchLogEvents(filters[2]));
  assert.deepEqual(asked, filters);
  const { metadata: _, ...stored } = makeFsEvent();
  assert.deepEqual(file, { ...stored, id: "1", instanceId: "node1" });
  assert.deepEqual(change, { ...makeProviderEvent(), id: "2", instanceId: "" });
  assert.deepEqual(login, { ...makeLogEvent(), id: "3", instanceId: "" });
});

test("a search without handler is one that the plugin does not know", async () => {
  await using searcher = await connectEventSearcher({ searchLogEvents: () => [] });
  for (const search of [
    searcher.client.searchFsEvents(makeFsEventsFilter()),
    searcher.client.searchProviderEvents(makeProviderEventsFilter()),
  ]) {
    await assert.rejects(search, (error: unknown) => GrpcError.is(error, "UNIMPLEMENTED"));
  }
  assert.equal(Buffer.from(await searcher.client.searchLogEvents(makeLogEventsFilter())).toString(), "[]");
});

for (const [what, searchFsEvents, message] of [
  [
    "throws",
    () => {
      throw new TypeError("database gone");
    },
    /database gone/,
  ],
  [
    "finds what is no row",
    () => [{ ...row, timestampNs: 5 } as unknown as FsEventRow],
    /row 0 .* timestampNs is the number 5/,
  ],
  ["finds nothing at all", () => undefined as unknown as [], /found undefined/],
] as const) {
  test(`a handler that ${what} fails the search, and is in the log`, async () => {
    const failures: LogFields[] = [];
    const logger: Logger = { log: (_level, _message, fields = {}) => void failures.push(fields), child: () => logger };
    await using searcher = await connectEventSearcher({ searchFsEvents }, { logger });
    const search = searcher.client.searchFsEvents(makeFsEventsFilter());
    await assert.rejects(search, (error: unknown) => GrpcError.is(error, "UNKNOWN") && message.test(error.message));
    assert.deepEqual(
      failures.map(({ method }) => method),
      ["SearchFsEvents"],
    );
  });
}

test("large answers arrive whole", async () => {
  const rows = Array.from({ length: 1_000 }, (_, index) => ({ ...row, id: String(index), path: "x".repeat(10_000) }));
  await using searcher = await connectEventSearcher({ searchFsEvents: async () => await Promise.resolve(rows) });
  const found = parseFsEvents(await searcher.client.searchFsEvents(makeFsEventsFilter({ limit: 1_000 })));
  assert.deepEqual([found.length, found.at(-1)?.id], [1_000, "999"]);
});

test("handlers keep their this", async () => {
  class Searcher implements EventSearcherHandlers {
    readonly #rows = [row];
    searchFsEvents({ limit }: FsEventsFilter): readonly FsEventRow[] {
      return this.#rows.slice(0, limit);
    }
  }
  await using searcher = await connectEventSearcher(new Searcher());
  assert.equal(parseFsEvents(await searcher.client.searchFsEvents(makeFsEventsFilter())).length, 1);
});

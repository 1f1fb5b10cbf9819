import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../../../../scripts/fuzz-rounds.ts";
import { createRandom, makeHostileBytes } from "../../test/hostile-bytes.ts";
import { PluginSdkError } from "../plugin-sdk-error.ts";
import { makeFsEventsFilter } from "../testing/make-filters.ts";
import { eventSearcherMethods } from "./eventsearcher-methods.ts";
import { parseFsEvents, parseLogEvents, parseProviderEvents } from "./parse-rows.ts";

const rounds = 5_000;

const answer = Buffer.from(
  '[{"id":"p1","timestamp":-1700000000000000001,"event":5,"status":1,"action":"add","object_data":"eyJhIjoxfQ==",' +
    '"fs_path":"/\\u003ca\\ud83d\\ude00","file_size":5,"role":null,"more":{"deep":[[1.5e3]]}}]',
);
const filter = eventSearcherMethods.searchFsEvents.request.encode(
  makeFsEventsFilter({ actions: ["upload"], statuses: [1, 2], startTimestampNs: 2n ** 60n }),
);

test("hostile answers give rows or the error for them", async () => {
  await fuzz(rounds, (seed) => {
    const bytes = makeHostileBytes(answer, createRandom(seed));
    for (const parse of [parseFsEvents, parseLogEvents, parseProviderEvents]) {
      try {
        for (const row of parse(bytes)) assert.equal(typeof row.timestampNs, "bigint");
      } catch (error) {
        assert.ok(PluginSdkError.is(error, "ERR_EVENTS_MALFORMED"), String(error));
      }
    }
  });
});

test("hostile filters give a filter or an error", async () => {
  await fuzz(rounds, (seed) => {
    const bytes = makeHostileBytes(filter, createRandom(seed));
    for (const { request } of Object.values(eventSearcherMethods)) {
      try {
        const { order } = request.decode(bytes);
        assert.ok(order === "ascending" || order === "descending");
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
      }
    }
  });
});

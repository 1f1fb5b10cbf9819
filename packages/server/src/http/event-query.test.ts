import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FairleadError } from "../domain/fairlead-error.ts";
import { asksForCsv, parseFsQuery, parseLogQuery, parseProviderQuery } from "./event-query.ts";

const fs = (query: string) => parseFsQuery(new URLSearchParams(query));

test("without parameters a hundred events are asked for, the newest first, of any file system", () => {
  const { limit, order, fsProvider, startTimestampNs, endTimestampNs } = fs("");
  assert.deepEqual(
    { limit, order, fsProvider, startTimestampNs, endTimestampNs },
    { limit: 100, order: "descending", fsProvider: undefined, startTimestampNs: undefined, endTimestampNs: undefined },
  );
});

test("times are exact to the nanosecond and may be negative", () => {
  const { startTimestampNs, endTimestampNs } = fs("start_timestamp=-5&end_timestamp=9223372036854775807");
  assert.equal(startTimestampNs, -5n);
  assert.equal(endTimestampNs, 9223372036854775807n);
});

test("items of a list lose spaces, empty and repeated ones", () => {
  assert.deepEqual(fs("instance_ids=a,%20b,,a&statuses=1,1,99").instanceIds, ["a", "b"]);
  assert.deepEqual(fs("instance_ids=a,%20b,,a&statuses=1,1,99").statuses, [1, 99]);
  assert.deepEqual(fs("actions=&protocols=").actions, []);
});

test("of a repeated parameter the first one counts", () => {
  assert.equal(fs("username=a&username=b").username, "a");
});

test("event numbers that are none are left out", () => {
  assert.deepEqual(parseLogQuery(new URLSearchParams("events=1,abc")).events, [1]);
});

test("only the word true omits the object and asks for CSV", () => {
  for (const [text, expected] of [
    ["true", true],
    ["1", false],
    ["abc", false],
    ["", false],
  ] as const) {
    assert.equal(parseProviderQuery(new URLSearchParams({ omit_object_data: text })).omitObjectData, expected);
    assert.equal(asksForCsv(new URLSearchParams({ csv_export: text })), expected);
  }
});

// The words are SFTPGo's, as it was seen answering.
describe("a wrong value is answered with SFTPGo's words", () => {
  for (const [query, words] of [
    ["limit=0", "limit is out of the 1-1000 range: 0"],
    ["limit=1001", "limit is out of the 1-1000 range: 1001"],
    ["limit=-1", "limit is out of the 1-1000 range: -1"],
    ["limit=abc", 'invalid limit: strconv.Atoi: parsing "abc": invalid syntax'],
    ["limit=", 'invalid limit: strconv.Atoi: parsing "": invalid syntax'],
    ["limit=99999999999999999999", 'invalid limit: strconv.Atoi: parsing "99999999999999999999": value out of range'],
    ["order=asc", 'invalid order "asc"'],
    ["order=", 'invalid order ""'],
    ["start_timestamp=1.5", 'invalid start_timestamp: strconv.ParseInt: parsing "1.5": invalid syntax'],
    [
      "end_timestamp=9223372036854775808",
      'invalid end_timestamp: strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
    ["fs_provider=abc", "invalid fs_provider: abc"],
    ["fs_provider=", "invalid fs_provider: "],
    ["statuses=1,abc", "invalid status: abc"],
    ["statuses=3000000000", "invalid status: 3000000000"],
  ] as const) {
    test(query, () => {
      assert.throws(
        () => fs(query),
        (error: unknown) => {
          assert.ok(FairleadError.is(error, "ERR_HTTP_REQUEST"));
          assert.deepEqual(error.details, { status: 400, reason: `Validation error: ${words}` });
          return true;
        },
      );
    });
  }
});

test("a number of a megabyte of digits is refused at once", () => {
  assert.throws(
    () => fs(`start_timestamp=${"9".repeat(1_000_000)}`),
    (error) => FairleadError.is(error, "ERR_HTTP_REQUEST"),
  );
});

/** The README's plugin of two kinds, in one process as under Fairlead. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFsEvents } from "../src/client/index.ts";
import { makeFsEvent, makeFsEventsFilter, spawnPlugin } from "../src/testing/index.ts";
import { CodeFolder, codeBlocks } from "./readme-code.ts";

const code = codeBlocks("ts").find((block) => block.startsWith("// recent.ts\n")) ?? "";

test("eventsearcher: what the notifier was told is found, page by page", async () => {
  using folder = new CodeFolder();
  const args = ["--conditions=source", folder.add("recent.ts", code)];
  await using plugin = await spawnPlugin({ command: process.execPath, args, kinds: ["notifier", "eventsearcher"] });
  const { notifier, eventsearcher } = plugin.clients;
  for (const id of ["a", "b", "c"]) await notifier.sendFsEvent(makeFsEvent({ username: "ann" }), { eventId: id });
  await notifier.sendFsEvent(makeFsEvent({ username: "bob" }));
  const search = async (fromId: string): Promise<readonly string[]> => {
    const filter = makeFsEventsFilter({ username: "ann", limit: 2, fromId });
    return parseFsEvents(await eventsearcher.searchFsEvents(filter)).map(({ id }) => id);
  };
  assert.deepEqual([await search(""), await search("b")], [["c", "b"], ["a"]]);
});

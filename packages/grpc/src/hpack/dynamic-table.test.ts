import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { DynamicTable } from "./dynamic-table.ts";

/** A field of exactly `sizeBytes` as tables count. */
function fieldOf(sizeBytes: number, name = "n"): { name: string; value: string } {
  return { name, value: "v".repeat(sizeBytes - 32 - name.length) };
}

suite("dynamic table", () => {
  test("the newest field is first", () => {
    const table = new DynamicTable();
    table.insert(fieldOf(40, "a"));
    table.insert(fieldOf(40, "b"));
    assert.deepEqual([table.at(0)?.name, table.at(1)?.name, table.at(2)], ["b", "a", undefined]);
    assert.equal(table.sizeBytes, 80);
  });

  test("the oldest fields make room", () => {
    const evicted: string[] = [];
    const table = new DynamicTable((field) => evicted.push(field.name));
    table.resize(100);
    for (const name of ["a", "b", "c"]) table.insert(fieldOf(50, name));
    assert.deepEqual(evicted, ["a"]);
    assert.deepEqual([table.at(0)?.name, table.at(1)?.name, table.count], ["c", "b", 2]);
  });

  test("a field larger than the table empties it and is not kept", () => {
    const table = new DynamicTable();
    table.insert(fieldOf(50));
    assert.equal(table.insert(fieldOf(4097)), -1);
    assert.deepEqual([table.count, table.sizeBytes], [0, 0]);
  });

  test("a field as large as the table is kept", () => {
    const table = new DynamicTable();
    table.insert(fieldOf(4096));
    assert.deepEqual([table.count, table.sizeBytes], [1, 4096]);
  });

  test("shrinking evicts and growing again brings nothing back", () => {
    const table = new DynamicTable();
    for (const name of ["a", "b", "c"]) table.insert(fieldOf(50, name));
    table.resize(60);
    table.resize(4096);
    assert.deepEqual([table.at(0)?.name, table.count, table.sizeBytes], ["c", 1, 50]);
  });

  test("ids keep their meaning while fields come, move and go", () => {
    const table = new DynamicTable();
    const ids = Array.from({ length: 500 }, (_, i) => table.insert(fieldOf(64, `name-${i}`)));
    assert.equal(table.count, 64);
    for (const [i, id] of ids.entries()) {
      const position = table.positionOf(id);
      assert.equal(position, i < 436 ? -1 : 499 - i);
      if (position >= 0) assert.equal(table.at(position)?.name, `name-${i}`);
    }
  });
});

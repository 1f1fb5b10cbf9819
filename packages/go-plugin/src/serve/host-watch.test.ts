import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { watchHost } from "./host-watch.ts";

describe("watchHost", () => {
  it("calls back once when the parent changed", (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const onGone = mock.fn();
    let parent = 10;
    watchHost(onGone, { parentId: () => parent, intervalMs: 100 });
    t.mock.timers.tick(500);
    assert.equal(onGone.mock.callCount(), 0);
    parent = 1;
    t.mock.timers.tick(500);
    assert.equal(onGone.mock.callCount(), 1);
  });

  it("can be ended", (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const onGone = mock.fn();
    let parent = 10;
    watchHost(onGone, { parentId: () => parent, intervalMs: 100 })();
    parent = 1;
    t.mock.timers.tick(500);
    assert.equal(onGone.mock.callCount(), 0);
  });
});

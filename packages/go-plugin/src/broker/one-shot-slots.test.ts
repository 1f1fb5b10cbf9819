import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { PluginError } from "../plugin-error.ts";
import { OneShotSlots } from "./one-shot-slots.ts";

function createSlots(): { readonly slots: OneShotSlots<string>; readonly clock: FakeClock } {
  const clock = new FakeClock();
  return { slots: new OneShotSlots<string>({ peer: "plugin", schedule: clock.schedule }), clock };
}

describe("OneShotSlots", () => {
  it("keeps what comes before the dial, for one dial [broker:late broker:one-shot]", async () => {
    const { slots, clock } = createSlots();
    assert.equal(slots.put(7, "first"), "kept");
    clock.advance(4_999);
    assert.equal(await slots.take(7, undefined), "first");
    const second = slots.take(7, undefined);
    clock.advance(5_000);
    await assert.rejects(second, { code: "ERR_BROKER_TIMEOUT" });
    assert.equal(clock.pending, 0);
  });

  it("gives what comes after the dial to who waits [broker:late]", async () => {
    const { slots, clock } = createSlots();
    const dial = slots.take(7, undefined);
    clock.advance(4_999);
    assert.equal(slots.put(7, "late"), "delivered");
    assert.equal(await dial, "late");
    assert.equal(clock.pending, 0);
  });

  it("forgets after 5 seconds what nobody dialled [broker:late]", async () => {
    const { slots, clock } = createSlots();
    slots.put(7, "old");
    clock.advance(5_000);
    const dial = slots.take(7, undefined);
    clock.advance(5_000);
    await assert.rejects(dial, { code: "ERR_BROKER_TIMEOUT" });
  });

  it("gives up a dial after 5 seconds, in go-plugin's words; what comes then waits for the next [broker:timeout]", async () => {
    const { slots, clock } = createSlots();
    const dial = slots.take(7, undefined);
    clock.advance(5_000);
    await assert.rejects(dial, (error) => {
      assert.ok(PluginError.is(error, "ERR_BROKER_TIMEOUT"));
      assert.match(
        error.message,
        /^timeout waiting for connection info: the plugin did not accept id 7 within 5000 ms/,
      );
      assert.equal(error.details["id"], 7);
      return true;
    });
    assert.equal(slots.put(7, "too late"), "kept");
    assert.equal(await slots.take(7, undefined), "too late");
  });

  it("drops news of an id that has some already; its time runs from the first [broker:duplicate]", async () => {
    const { slots, clock } = createSlots();
    slots.put(7, "first");
    clock.advance(3_000);
    assert.equal(slots.put(7, "second"), "duplicate");
    assert.equal(await slots.take(7, undefined), "first");
    slots.put(7, "third");
    clock.advance(3_000);
    assert.equal(await slots.take(7, undefined), "third");
  });

  it("keeps ids apart [broker:ids]", async () => {
    const { slots } = createSlots();
    const dial = slots.take(2, undefined);
    slots.put(1, "one");
    slots.put(2, "two");
    assert.equal(await dial, "two");
    assert.equal(await slots.take(1, undefined), "one");
  });

  it("refuses a second dial of an id at the same time, and lets the first go on [broker:one-shot]", async () => {
    const { slots } = createSlots();
    const first = slots.take(7, undefined);
    await assert.rejects(slots.take(7, undefined), { code: "ERR_BROKER_ID_IN_USE" });
    slots.put(7, "value");
    assert.equal(await first, "value");
  });

  it("lets a dial be given up, then another one wait [broker:dial]", async () => {
    const { slots, clock } = createSlots();
    const controller = new AbortController();
    const dial = slots.take(7, controller.signal);
    const reason = new Error("changed my mind");
    controller.abort(reason);
    await assert.rejects(dial, reason);
    await assert.rejects(slots.take(7, controller.signal), reason);
    const next = slots.take(7, undefined);
    slots.put(7, "value");
    assert.equal(await next, "value");
    assert.equal(clock.pending, 0);
  });

  it("keeps no more than 1,024 ids that nobody dials [broker:bounded]", () => {
    const { slots, clock } = createSlots();
    for (let id = 0; id < 1_024; id++) assert.equal(slots.put(id, "x"), "kept");
    assert.equal(slots.put(1_024, "x"), "too many");
    clock.advance(5_000);
    assert.equal(slots.put(1_024, "x"), "kept");
  });

  it("fails at its end whoever waits, and whoever comes later, with the first reason [broker:close]", async () => {
    const { slots, clock } = createSlots();
    slots.put(1, "kept");
    const dial = slots.take(2, undefined);
    const reason = new PluginError("ERR_PLUGIN_GONE", "gone");
    slots.end(reason);
    slots.end(new PluginError("ERR_BROKER_CLOSED", "broker closed"));
    await assert.rejects(dial, reason);
    await assert.rejects(slots.take(1, undefined), reason);
    assert.equal(slots.put(3, "x"), "too many");
    assert.equal(clock.pending, 0);
  });
});

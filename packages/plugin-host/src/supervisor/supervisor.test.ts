import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../test/support/fake-clock.ts";
import { createMemoryLogger } from "../../test/support/memory-logger.ts";
import { defaultHealthPolicy } from "./health-policy.ts";
import { defaultRestartPolicy } from "./restart-policy.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import type { SupervisedProcess } from "./supervised-process.ts";
import { Supervisor } from "./supervisor.ts";

/** A plugin process that does what the test says. */
class FakeProcess implements SupervisedProcess<string> {
  readonly pid: number;
  readonly client: string;
  readonly startMs = 1;
  readonly #exit = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  readonly exited = this.#exit.promise;
  hangs = false;

  constructor(pid: number) {
    this.pid = pid;
    this.client = `client ${pid}`;
  }

  async ping(): Promise<void> {
    if (this.hangs) throw new Error("no answer");
  }

  end(code: number | null, signal: string | null = null): void {
    this.#exit.resolve({ code, signal });
  }

  stop(): Promise<{ code: number | null; signal: string | null }> {
    this.end(0);
    return this.exited;
  }

  kill(): Promise<{ code: number | null; signal: string | null }> {
    this.end(null, "SIGKILL");
    return this.exited;
  }
}

function setUp({ restart = {} }: { restart?: Partial<RestartPolicy> } = {}) {
  const clock = new FakeClock();
  const logger = createMemoryLogger();
  const processes: FakeProcess[] = [];
  const failures: Error[] = [];
  const states: string[] = [];
  const supervisor = new Supervisor<string>({
    start: async () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      const process = new FakeProcess(processes.length + 1);
      processes.push(process);
      return process;
    },
    restart: () => ({ ...defaultRestartPolicy, jitter: 0, ...restart }),
    health: () => defaultHealthPolicy,
    clock,
    random: () => 0,
    logger,
    onChange: (state) => states.push(state.status === "running" && !state.responsive ? "silent" : state.status),
  });
  return { clock, logger, processes, failures, states, supervisor };
}

test("a start that fails rejects, leaves nothing behind and is not tried again", async () => {
  const { supervisor, failures, states, clock } = setUp();
  failures.push(new Error("no such file"));
  await assert.rejects(supervisor.start(), /no such file/);
  assert.deepEqual(states, ["failed"]);
  assert.equal(supervisor.lastError?.message, "no such file");
  assert.equal(clock.pending, 0);
});

test("a plugin that exits is started again after the first delay", async () => {
  const { supervisor, processes, states, clock, logger } = setUp();
  await supervisor.start();
  processes[0]?.end(3);
  await clock.advance(99);
  assert.equal(processes.length, 1);
  await clock.advance(1);
  assert.equal(processes.length, 2);
  assert.deepEqual(states, ["running", "backing-off", "starting", "running"]);
  assert.equal(supervisor.restarts, 1);
  assert.equal(supervisor.lastError?.message, "exited: code 3");
  assert.deepEqual(logger.messages(), [
    "plugin started",
    "plugin exited",
    "plugin restart scheduled",
    "plugin started",
  ]);
  await supervisor.stop();
});

test("delays grow while the plugin keeps ending", async () => {
  const { supervisor, processes, clock, logger } = setUp();
  await supervisor.start();
  for (let round = 0; round < 3; round++) {
    processes.at(-1)?.end(1);
    await clock.advance(1_000);
  }
  const delays = logger.lines.flatMap(({ fields }) => fields["delayMs"] ?? []);
  assert.deepEqual(delays, [100, 200, 400]);
  await supervisor.stop();
});

test("a stable run makes the delays begin anew", async () => {
  const { supervisor, processes, clock, logger } = setUp();
  await supervisor.start();
  processes[0]?.end(1);
  await clock.advance(100);
  await clock.advance(60_000);
  processes[1]?.end(1);
  await clock.advance(100);
  assert.deepEqual(
    logger.lines.flatMap(({ fields }) => fields["delayMs"] ?? []),
    [100, 100],
  );
  await supervisor.stop();
});

test("a restart that fails is tried again", async () => {
  const { supervisor, processes, failures, clock, states, logger } = setUp();
  await supervisor.start();
  failures.push(new Error("checksum"), new Error("checksum"));
  processes[0]?.end(1);
  await clock.advance(100 + 200 + 400);
  assert.deepEqual(states.slice(1), [
    "backing-off",
    "starting",
    "backing-off",
    "starting",
    "backing-off",
    "starting",
    "running",
  ]);
  assert.equal(logger.find("plugin restart failed")?.fields["error"], "checksum");
  await supervisor.stop();
});

test("a plugin that waits for its restart can be started at once", async () => {
  const { supervisor, processes, clock } = setUp({ restart: { initialDelayMs: 30_000 } });
  await supervisor.start();
  supervisor.restartNow();
  processes[0]?.end(1);
  await settle();
  supervisor.restartNow();
  supervisor.restartNow();
  await clock.advance(60_000);
  assert.equal(processes.length, 2);
  assert.equal(supervisor.state.status, "running");
  await supervisor.stop();
});

test("a plugin is given up after the policy's failures, and the log keeps saying so", async () => {
  const { supervisor, processes, clock, states, logger } = setUp({ restart: { maxFailures: 1 } });
  await supervisor.start();
  processes[0]?.end(1);
  await clock.advance(100);
  processes[1]?.end(1);
  await clock.advance(3_600_000);
  assert.equal(processes.length, 2);
  assert.equal(states.at(-1), "failed");
  const said = logger.lines.filter(({ message }) => message === "plugin given up, repair it and reload");
  assert.equal(said.length, 7);
  assert.ok(said.every(({ level, fields }) => level === "error" && fields["lastError"] === "exited: code 1"));
  await supervisor.stop();
  assert.equal(clock.pending, 0);
});

test("a plugin that was given up can be tried again, as often as at first", async () => {
  const { supervisor, processes, failures, clock } = setUp({ restart: { maxFailures: 1 } });
  await supervisor.start();
  failures.push(new Error("a"), new Error("b"));
  processes[0]?.end(1);
  await clock.advance(1_000);
  assert.equal(supervisor.state.status, "failed");
  supervisor.tryAgain();
  await clock.advance(1_000);
  assert.equal(supervisor.state.status, "running");
  await supervisor.stop();
});

test("a first start that may fail is tried again", async () => {
  const { supervisor, failures, states, clock, logger } = setUp();
  failures.push(new Error("no such file"), new Error("no such file"));
  await supervisor.start({ keepTrying: true });
  assert.deepEqual(states, ["backing-off"]);
  assert.equal(logger.find("plugin did not start")?.level, "error");
  await clock.advance(100 + 200);
  assert.equal(supervisor.state.status, "running");
  await supervisor.stop();
});

test("a plugin that does not answer is first silent, then killed and started again", async () => {
  const { supervisor, processes, clock, states, logger } = setUp();
  await supervisor.start();
  const [first] = processes;
  assert.ok(first);
  first.hangs = true;
  await clock.advance(5_000);
  assert.deepEqual(states, ["running", "silent"]);
  await clock.advance(15_100);
  assert.deepEqual(states, ["running", "silent", "backing-off", "starting", "running"]);
  assert.equal(supervisor.lastError?.message, "hung: no answer");
  assert.ok(logger.find("plugin hangs and is killed"));
  await supervisor.stop();
});

test("a plugin that answers again is left alone", async () => {
  const { supervisor, processes, clock, states } = setUp();
  await supervisor.start();
  const [first] = processes;
  assert.ok(first);
  first.hangs = true;
  await clock.advance(15_000);
  first.hangs = false;
  await clock.advance(60_000);
  assert.deepEqual(states, ["running", "silent", "running"]);
  assert.equal(processes.length, 1);
  await supervisor.stop();
});

test("stop ends the process and every timer", async () => {
  const { supervisor, processes, clock, states } = setUp();
  await supervisor.start();
  await Promise.all([supervisor.stop(), supervisor.stop()]);
  assert.deepEqual(states, ["running", "stopping", "stopped"]);
  assert.deepEqual(await processes[0]?.exited, { code: 0, signal: null });
  assert.equal(clock.pending, 0);
});

test("stop ends a plugin that does not answer at once", async () => {
  const { supervisor, processes, clock } = setUp();
  await supervisor.start();
  const [first] = processes;
  assert.ok(first);
  first.hangs = true;
  await clock.advance(5_000);
  await supervisor.stop();
  assert.deepEqual(await first.exited, { code: null, signal: "SIGKILL" });
});

test("stop while backing off starts nothing any more", async () => {
  const { supervisor, processes, clock } = setUp();
  await supervisor.start();
  processes[0]?.end(1);
  await settle();
  await supervisor.stop();
  await clock.advance(60_000);
  assert.equal(processes.length, 1);
  assert.equal(clock.pending, 0);
});

test("stop during a start ends the process that comes out of it", async () => {
  const { promise, resolve } = Promise.withResolvers<FakeProcess>();
  let aborted = false;
  const states: string[] = [];
  const clock = new FakeClock();
  const supervisor = new Supervisor<string>({
    start: (signal) => {
      signal.addEventListener("abort", () => (aborted = true));
      return promise;
    },
    restart: () => defaultRestartPolicy,
    health: () => defaultHealthPolicy,
    clock,
    random: () => 0,
    logger: createMemoryLogger(),
    onChange: ({ status }) => states.push(status),
  });
  const started = supervisor.start();
  const stopped = supervisor.stop();
  assert.ok(aborted);
  const process = new FakeProcess(1);
  resolve(process);
  await Promise.all([started, stopped]);
  assert.deepEqual(await process.exited, { code: 0, signal: null });
  assert.deepEqual(states, ["stopping", "stopped"]);
  assert.equal(clock.pending, 0);
});

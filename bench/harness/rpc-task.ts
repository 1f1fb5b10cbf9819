import { createInterface } from "node:readline";

/** What a host is told to do with its plugin. */
export interface RpcTask {
  readonly kind: "calls" | "echo" | "upload" | "download" | "start";
  readonly inFlight: number;
  readonly count: number;
  /** Of a message for `echo`, of a stream for `upload` and `download`. */
  readonly sizeBytes?: number;
}

/** What it took in the host's process. */
export interface RpcResult {
  readonly seconds: number;
  readonly cpuUsPerCall: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** One host under test: how it makes each kind of call. */
export interface RpcHost {
  readonly pluginPid: number;
  sendEvent(): Promise<void>;
  /** Resolves with the number of bytes that came back. */
  echo(message: Uint8Array): Promise<number>;
  /** Resolves with the number of bytes the other side saw. */
  upload(sizeBytes: number): Promise<number>;
  /** Resolves with the number of bytes received. */
  download(sizeBytes: number): Promise<number>;
  stop(): Promise<void>;
}

/** Reads tasks from standard input, one JSON line each, and prints what each took: the protocol of `interop/bench-host`. */
export async function runTasks(launch: () => Promise<RpcHost>): Promise<void> {
  const host = await launch();
  print({ started: { pid: host.pluginPid } });
  for await (const line of createInterface({ input: process.stdin })) {
    const task = JSON.parse(line) as RpcTask;
    print({ result: task.kind === "start" ? await timeStarts(launch, task.count) : await runTask(host, task) });
  }
  await host.stop();
}

async function runTask(host: RpcHost, task: RpcTask): Promise<RpcResult> {
  const { inFlight, count } = task;
  const call = callOf(host, task);
  const tookUs = new Float64Array(count);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const began = performance.now();
      await call();
      tookUs[i] = (performance.now() - began) * 1000;
    }
  };
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, work));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { ...percentiles(tookUs), seconds, cpuUsPerCall: (user + system) / count };
}

function callOf(host: RpcHost, { kind, sizeBytes = 0 }: RpcTask): () => Promise<void> {
  const message = new Uint8Array(kind === "echo" ? sizeBytes : 0);
  switch (kind) {
    case "echo":
      return async () => expectSize(await host.echo(message), sizeBytes);
    case "upload":
      return async () => expectSize(await host.upload(sizeBytes), sizeBytes);
    case "download":
      return async () => expectSize(await host.download(sizeBytes), sizeBytes);
    default:
      return () => host.sendEvent();
  }
}

/** A plugin's way from the spawn to its first answer, one after another; its end is not timed. */
async function timeStarts(launch: () => Promise<RpcHost>, count: number): Promise<RpcResult> {
  const tookUs = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    const host = await launch();
    await host.sendEvent();
    tookUs[i] = (performance.now() - began) * 1000;
    await host.stop();
  }
  return { ...percentiles(tookUs), seconds: 0, cpuUsPerCall: 0 };
}

function percentiles(tookUs: Float64Array): Pick<RpcResult, "p50Us" | "p99Us"> {
  tookUs.sort();
  return { p50Us: tookUs[tookUs.length >> 1]!, p99Us: tookUs[Math.floor((tookUs.length * 99) / 100)]! };
}

function expectSize(gotBytes: number, wantedBytes: number): void {
  if (gotBytes !== wantedBytes) throw new Error(`the other side saw ${gotBytes} bytes of ${wantedBytes}`);
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

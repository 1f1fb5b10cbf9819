import { Worker } from "node:worker_threads";
import type { Sandbox } from "./sandbox.ts";

/**
 * Keeps exchanging what `path` names, as fast as a thread can: the honest file or folder, and a symbolic link to `outside`.
 * Stops with the sandbox, or when the returned function is called, which gives the number of exchanges.
 */
export function startSwapping(sandbox: Sandbox, path: string, outside: string): () => Promise<number> {
  const counter = new Int32Array(new SharedArrayBuffer(8));
  const source = `
    const { renameSync, symlinkSync, rmSync } = require("node:fs");
    const { workerData: { path, outside, counter } } = require("node:worker_threads");
    const link = path + ".link", honest = path + ".honest";
    symlinkSync(outside, link);
    while (Atomics.load(counter, 0) === 0) {
      renameSync(path, honest); renameSync(link, path);
      renameSync(path, link); renameSync(honest, path);
      Atomics.add(counter, 1, 1);
    }
    rmSync(link);
  `;
  const worker = new Worker(source, { eval: true, workerData: { path, outside, counter } });
  const ended = new Promise<number>((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", () => {
      resolve(Atomics.load(counter, 1));
    });
  });
  const stop = async (): Promise<number> => {
    Atomics.store(counter, 0, 1);
    return await ended;
  };
  sandbox.defer(async () => {
    await stop();
  });
  return stop;
}

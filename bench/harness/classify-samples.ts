/** A part of a program's processor time. */
export interface Share {
  readonly what: string;
  /** Of the whole, 0 to 1. */
  readonly share: number;
}

interface Sample {
  /** Name of the thread. */
  readonly thread: string;
  /** Innermost first. */
  readonly frames: readonly { readonly symbol: string; readonly object: string }[];
}

/**
 * Sorts perf's samples of one Node process by what the processor was doing, largest share first.
 *
 * @param script what `perf script -F comm,ip,sym,dso` printed, of a process with `--perf-basic-prof`
 * @param bundle the file that ran, made by esbuild: its comments tell which source a line comes from
 */
export function classifySamples(script: string, bundle: string): readonly Share[] {
  const sources = sourceByLine(bundle);
  const counts = new Map<string, number>();
  let total = 0;
  for (const block of script.split("\n\n")) {
    const sample = parseSample(block);
    if (sample === undefined) continue;
    const what = classify(sample, sources);
    counts.set(what, (counts.get(what) ?? 0) + 1);
    total++;
  }
  return [...counts].map(([what, count]) => ({ what, share: count / total })).sort((a, b) => b.share - a.share);
}

function parseSample(block: string): Sample | undefined {
  const [head = "", ...lines] = block.trim().split("\n");
  const frames = lines.flatMap((line) => {
    const [, symbol, object] = /^\s*[0-9a-f]+ (.*) \((.*)\)$/.exec(line) ?? [];
    return symbol === undefined || object === undefined ? [] : [{ symbol, object }];
  });
  return frames.length === 0 ? undefined : { thread: head.split(" ")[0]!, frames };
}

/** In this order: the first that matches any frame of the stack counts. */
const KERNEL: readonly (readonly [RegExp, string])[] = [
  [/ksys_write|writev|sendmsg/, "kernel: write to the socket, which wakes the other side"],
  [/ksys_read|readv|recvmsg/, "kernel: read from the socket"],
  [/epoll/, "kernel: epoll, and waiting in it"],
  [/./, "kernel: other"],
];
const NATIVE: readonly (readonly [RegExp, string])[] = [
  [/Scavenge|MarkCompact|IncrementalMark|ArrayBufferSweeper|Heap::CollectGarbage/, "V8: garbage collection"],
  [/^(?:SSL_(?:read|write)|ssl3_|tls_|EVP_|CRYPTO_|aes|gcm|BIO_)/, "OpenSSL"],
];
const OURS: readonly (readonly [RegExp, string])[] = [
  [/packages\/grpc\//, "ours: gRPC and HTTP/2"],
  [/packages\/plugin-sdk\/|node_modules\/@bufbuild\//, "ours: protobuf and events"],
  [/packages\/go-plugin\//, "ours: go-plugin"],
  [/^bench\//, "the benchmark itself"],
];

function classify({ thread, frames }: Sample, sources: readonly string[]): string {
  const symbols = frames.map(({ symbol }) => symbol);
  if (/^(?:node-V8|libuv)/.test(thread)) return "V8: helper threads (garbage collection, compiling)";
  if (frames[0]!.object.includes("kernel")) return firstMatch(KERNEL, symbols) ?? "kernel: other";
  const native = firstMatch(NATIVE, symbols);
  if (native !== undefined) return native;
  for (const symbol of symbols) {
    const [, file, line] = /^JS:.* (\S+?):(\d+):\d+$/.exec(symbol) ?? [];
    if (file === undefined) continue;
    if (file.startsWith("node:")) return "Node: JavaScript (streams, timers)";
    return firstMatch(OURS, [sources[Number(line) - 1] ?? ""]) ?? "other JavaScript";
  }
  return "Node: C++ (libuv, TLS wrapper, streams)";
}

function firstMatch(rules: readonly (readonly [RegExp, string])[], texts: readonly string[]): string | undefined {
  return rules.find(([pattern]) => texts.some((text) => pattern.test(text)))?.[1];
}

/** esbuild writes `// path` before what comes from a file. */
function sourceByLine(bundle: string): readonly string[] {
  let source = "";
  return bundle.split("\n").map((line) => {
    const [, path] = /^\/\/ (\S+\.[cm]?[jt]s)$/.exec(line) ?? [];
    source = path ?? source;
    return source;
  });
}

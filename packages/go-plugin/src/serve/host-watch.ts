const INTERVAL_MS = 1_000;

/**
 * Calls back once when the process that started this one is gone: the system then gives it another parent. Go plugins
 * live on as orphans when their host is killed; ours end. The connection is not watched: a host may reconnect.
 * Does not keep the process alive. Returns a function that ends the watch.
 */
export function watchHost(
  onGone: () => void,
  options: { readonly parentId?: () => number; readonly intervalMs?: number } = {},
): () => void {
  const parentId = options.parentId ?? ((): number => process.ppid);
  const host = parentId();
  const timer = setInterval(() => {
    if (parentId() === host) return;
    clearInterval(timer);
    onGone();
  }, options.intervalMs ?? INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

const hooks = new Set<() => void>();

/**
 * Runs `hook` when this process exits before the returned function is called: the last, synchronous chance to kill
 * plugins. Not reached by SIGKILL, or by signals that nobody handles.
 */
export function onProcessExit(hook: () => void): () => void {
  if (hooks.size === 0) process.on("exit", runHooks);
  hooks.add(hook);
  return () => {
    if (hooks.delete(hook) && hooks.size === 0) process.off("exit", runHooks);
  };
}

function runHooks(): void {
  for (const hook of hooks) {
    try {
      hook();
    } catch {
      // A logger that fails, perhaps: the other plugins still have to be killed, and nobody is left to tell.
    }
  }
}

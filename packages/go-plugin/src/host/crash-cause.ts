/**
 * The line of a process's stderr that says why it ended: the error of a Node, Python or Go program with the place it
 * names, a refusal in go-plugin's words, else the last line. Undefined when there are none.
 */
export function findCrashCause(stderr: readonly string[]): string | undefined {
  const refusal = stderr.find((line) => line.includes("This binary is a plugin"));
  if (refusal !== undefined) return refusal;
  const index = stderr.findIndex((line) => isError(line));
  if (index === -1) return stderr.findLast((line) => !isAddendum(line));
  const place = stderr
    .slice(0, index)
    .map(readPlace)
    .findLast((found) => found !== undefined);
  return place === undefined ? stderr[index] : `${stderr[index]} (${place})`;
}

// "SyntaxError: …", "Error [ERR_MODULE_NOT_FOUND]: …", "java.lang.IllegalStateException: …", "panic: …".
function isError(line: string): boolean {
  return (
    /^(?:Uncaught )?(?:[\w$]+\.)*[A-Z][\w$]*(?:Error|Exception)(?: \[\w+\])?: /.test(line) ||
    isGoPanic(line) ||
    /^Error(?: \[\w+\])?: /.test(line)
  );
}

function isGoPanic(line: string): boolean {
  return line.startsWith("panic: ") || line.startsWith("fatal error: ");
}

// Node writes where an uncaught error came from before the error: "file:///plugins/x.js:2".
function readPlace(line: string): string | undefined {
  const path = /^(?:file:\/\/)?(\/.+:\d+)$/.exec(line)?.[1];
  return path;
}

// What Node adds after an uncaught error.
function isAddendum(line: string): boolean {
  return /^Node\.js v\d/.test(line) || line.startsWith("(Use `node --trace-uncaught");
}

// Runs under the Node it refuses: nothing that Node 12 does not know.

const OLDEST_MAJOR = 24;

/** What to tell whoever runs a plugin with too old a Node. Undefined when it is new enough. */
export function describeOldNode(facts: {
  /** As in process.version: `v20.20.2`. */
  readonly version: string;
  readonly execPath: string;
  readonly plugin: string;
}): string | undefined {
  const major = Number(facts.version.slice(1).split(".")[0]);
  if (major >= OLDEST_MAJOR) return undefined;
  return `${facts.plugin} needs Node ${OLDEST_MAJOR} or newer, this is ${facts.version} (${facts.execPath}); put a newer node first in PATH, or name it in the first line of the file`;
}

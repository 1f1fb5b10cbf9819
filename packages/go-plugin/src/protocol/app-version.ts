/** The application protocol version a plugin serves, and the items of the host's list that made no sense. */
export interface VersionChoice {
  readonly version: number;
  readonly invalid: readonly string[];
}

/**
 * Chooses as go-plugin does (server.go: protocolVersion): the highest own version that the host listed; without a match
 * or a list the lowest own one, and it is the host that complains. `hostList` is `PLUGIN_PROTOCOL_VERSIONS`.
 */
export function chooseAppVersion(served: readonly number[], hostList: string | undefined): VersionChoice {
  const items = hostList === undefined || hostList === "" ? [] : hostList.split(",");
  const valid = items.filter((item) => /^[+-]?\d{1,15}$/.test(item));
  const invalid = items.filter((item) => !valid.includes(item));
  const known = new Set(valid.map(Number));
  const descending = served.toSorted((a, b) => b - a);
  const version = descending.find((candidate) => known.has(candidate)) ?? descending.at(-1);
  if (version === undefined) throw new RangeError("a plugin serves at least one version");
  return { version, invalid };
}

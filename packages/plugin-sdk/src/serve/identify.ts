import type { PluginIdentity } from "../plugin-identity.ts";

/** How a plugin is called, with what it has not said itself. */
export function identify({ name, version }: PluginIdentity): Required<PluginIdentity> {
  const { basename } = process.getBuiltinModule("node:path");
  return { name: name ?? basename(process.argv[1] ?? process.execPath), version: version ?? "" };
}

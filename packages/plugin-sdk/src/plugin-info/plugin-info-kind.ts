import { definePluginKind } from "@fairlead/go-plugin";
import { FILE_DESCRIPTORS } from "../gen/plugin-info/descriptors.ts";
import { decodeDescriptors } from "../rpc/descriptors.ts";
import type { PluginInfo } from "./plugin-info.ts";
import { createPluginInfoClient } from "./plugin-info-client.ts";
import type { PluginInfoClient } from "./plugin-info-client.ts";
import { pluginInfoMethods } from "./plugin-info-methods.ts";

/** What a plugin of whatever kind says about itself, from both sides. It has no cookie of its own. */
export const pluginInfoKind = definePluginKind<PluginInfo, PluginInfoClient>({
  name: "plugin-info",
  register: (registrar, info) => registrar.handleUnary(pluginInfoMethods.describe, () => info),
  connect: (connection) => createPluginInfoClient(connection),
  descriptors: () => decodeDescriptors(FILE_DESCRIPTORS),
});

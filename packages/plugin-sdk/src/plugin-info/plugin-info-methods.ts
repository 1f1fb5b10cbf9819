import { defineMethod } from "@fairlead/grpc";
import { PluginDescription } from "../gen/plugin-info/plugin-info.ts";
import { createCodec, emptyCodec } from "../rpc/codecs.ts";
import type { PluginInfo } from "./plugin-info.ts";

const MAX_TEXT_CHARACTERS = 256;
const MAX_ITEMS = 64;

/** A plugin's words end in logs and metrics, so a server takes them up to a limit. */
const pluginInfo = createCodec<PluginDescription, PluginInfo>(
  PluginDescription,
  ({ name, version, kinds, services }) => ({ name, version, kinds: [...kinds], services: [...services] }),
  ({ name, version, kinds, services }) => ({
    name: limitText(name),
    version: limitText(version),
    kinds: limitList(kinds),
    services: limitList(services),
  }),
);

function limitText(text: string): string {
  return text.slice(0, MAX_TEXT_CHARACTERS).toWellFormed();
}

function limitList(texts: readonly string[]): readonly string[] {
  return texts.slice(0, MAX_ITEMS).map(limitText);
}

/** The service `fairlead.PluginInfo`, on domain types. */
export const pluginInfoMethods = {
  describe: defineMethod("unary", "/fairlead.PluginInfo/Describe", emptyCodec, pluginInfo),
} as const;

export { launch } from "./launch.ts";
export { stopAllPlugins } from "./managed-plugins.ts";
export type {
  Checksum,
  ClientOf,
  ExitStatus,
  KindMap,
  Launch,
  LaunchOptions,
  PluginProcess,
  PluginState,
} from "./launch-options.ts";
export type { AddressTranslator, AttachedRunner, Runner, RunnerCommand, RunnerProcess } from "./runner.ts";

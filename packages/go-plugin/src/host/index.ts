export { launch } from "./launch.ts";
export type {
  Checksum,
  ClientOf,
  ExitStatus,
  KindMap,
  Launch,
  LaunchOptions,
  PluginProcess,
} from "./launch-options.ts";
export type { AddressTranslator, AttachedRunner, Runner, RunnerCommand, RunnerProcess } from "./runner.ts";

import type { Command } from "commander";

import { type Config, loadConfig } from "../config/load-config.ts";
import type { Env } from "../config/env-files.ts";

export interface ConfigFlags {
  readonly configDir?: string;
  readonly configFile?: string;
}

/** The options every command that reads the configuration has, named as SFTPGo's. */
export function withConfigOptions(command: Command): Command {
  return command
    .option("-c, --config-dir <path>", "folder with the configuration and env.d (or SFTPGO_CONFIG_DIR; default: .)")
    .option("--config-file <path>", "configuration file; default: fairlead.* or sftpgo.* in the folder");
}

export function loadConfigFromFlags(flags: ConfigFlags, env: Env): Config {
  return loadConfig({
    env,
    ...(flags.configDir === undefined ? {} : { configDir: flags.configDir }),
    ...(flags.configFile === undefined ? {} : { configFile: flags.configFile }),
  });
}

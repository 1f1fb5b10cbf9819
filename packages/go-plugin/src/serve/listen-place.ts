import { basename } from "node:path";
import {
  ENV_MAX_PORT,
  ENV_MIN_PORT,
  ENV_UNIX_SOCKET_DIR,
  ENV_UNIX_SOCKET_GROUP,
  SOCKET_FOLDER_PREFIX,
} from "../protocol/constants.ts";
import { listenFailed } from "../transport/listen-failed.ts";
import type { ListenPlace } from "../transport/listener.ts";
import type { Env } from "./serve-options.ts";

/** Where the host wants its plugin to listen (server.go: serverListener, unixSocketConfigFromEnv). */
export function readListenPlace(env: Env, platform: string = process.platform): ListenPlace {
  if (platform === "win32") return { ports: { min: readPort(env, ENV_MIN_PORT), max: readPort(env, ENV_MAX_PORT) } };
  const folder = env[ENV_UNIX_SOCKET_DIR] ?? "";
  const group = env[ENV_UNIX_SOCKET_GROUP] ?? "";
  const temporaryFolder = env["TMPDIR"];
  return {
    // One that our host made for this plugin only may outlive that host: then it is the plugin that removes it.
    ...(folder === "" ? {} : { folder, ownsFolder: basename(folder).startsWith(SOCKET_FOLDER_PREFIX) }),
    ...(group === "" ? {} : { group }),
    ...(temporaryFolder === undefined ? {} : { temporaryFolder }),
  };
}

function readPort(env: Env, name: string): number {
  const text = env[name] ?? "";
  if (text === "") return 0;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw listenFailed(`couldn't get value from ${name}: ${JSON.stringify(text)} is no port`, undefined);
  }
  return Number(text);
}

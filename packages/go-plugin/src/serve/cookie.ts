import { PluginError } from "../plugin-error.ts";
import type { CookiePair } from "../plugin-kind.ts";
import type { Env } from "./serve-options.ts";

/** Refuses to run without the host's cookie, in go-plugin's words (server.go: Serve). */
export function checkCookie(handshake: CookiePair, env: Env): void {
  if (handshake.key === "" || handshake.value === "") {
    throw new PluginError(
      "ERR_COOKIE_MISMATCH",
      "Misconfigured ServeConfig given to serve this plugin: no magic cookie\nkey or value was set. Please notify the plugin author and report\nthis as a bug.",
    );
  }
  if (env[handshake.key] !== handshake.value) {
    throw new PluginError(
      "ERR_COOKIE_MISMATCH",
      "This binary is a plugin. These are not meant to be executed directly.\nPlease execute the program that consumes these plugins, which will\nload any plugins automatically",
    );
  }
}

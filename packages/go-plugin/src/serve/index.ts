import "./refuse-old-node.ts";
// Before anything else: it takes process.stdout over before any other module can print.
import "./process-output.ts";

export { serve } from "./serve.ts";
export { startPluginServer } from "./plugin-server.ts";
export { provide } from "./serve-options.ts";
export type { Env, PluginServer, PluginServerOptions, ServedPlugin, ServeOptions } from "./serve-options.ts";

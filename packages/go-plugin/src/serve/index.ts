export { provide } from "./serve-options.ts";
export type { Env, PluginServer, PluginServerOptions, ServedPlugin, ServeOptions } from "./serve-options.ts";

import { StarterPipes } from "./plugin-process.ts";
import { serve } from "./serve.ts";
import type { ServeProcessOptions } from "./serve-options.ts";

/**
 * One program with several plugins: runs the one that its only argument names, as {@link serve} does (go-plugin's
 * `ServeMux`). Without an argument, with more, or with a name that is none of them it says so, as go-plugin does, and
 * exits with 1.
 */
export async function serveOneOf(plugins: Readonly<Record<string, ServeProcessOptions>>): Promise<never> {
  const [name, ...others] = process.argv.slice(2);
  if (name === undefined || others.length > 0) {
    return refuse("Invoked improperly. This is an internal command that shouldn't\nbe manually invoked.");
  }
  const plugin = Object.hasOwn(plugins, name) ? plugins[name] : undefined;
  return plugin === undefined ? refuse(`Unknown plugin: ${name}`) : await serve(plugin);
}

function refuse(text: string): never {
  new StarterPipes(() => {}).writeError(`${text}\n`);
  process.exit(1);
}

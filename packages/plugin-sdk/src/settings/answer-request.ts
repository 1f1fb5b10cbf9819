import type { Settings } from "./define-settings.ts";
import { formatHelp } from "./format-help.ts";
import { findRequest } from "./read-settings.ts";

/** What to print when the arguments ask for something else than a start. */
export function answerRequest(
  settings: Settings<unknown>,
  args: readonly string[],
  identity: { readonly name: string; readonly version: string },
): string | undefined {
  const request = findRequest(settings, args);
  if (request === "values") return undefined;
  return request === "help" ? formatHelp(settings, identity) : `${identity.name} ${identity.version}`.trim() + "\n";
}

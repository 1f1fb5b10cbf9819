import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { pathVariable } from "./repository.ts";

/**
 * For the `skip` option of a test that needs programs of the machine: a missing one skips the test and says so, but in CI
 * (`CI` is set) the test runs and fails, so that nothing is silently left untested there.
 */
export function skipWithout(...tools: readonly string[]): string | false {
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length === 0 || (process.env["CI"] ?? "") !== "") return false;
  return `not installed: ${missing.join(", ")}`;
}

function isInstalled(tool: string): boolean {
  return pathVariable.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

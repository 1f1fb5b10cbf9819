import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const packageFolder = join(import.meta.dirname, "..");

export const readme = readFileSync(join(packageFolder, "README.md"), "utf8");

/** The README's blocks of a language, in order. */
export function codeBlocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, code]) => code ?? "");
}

/** A folder inside the package, so that the code finds the package by its name. */
export class CodeFolder implements Disposable {
  readonly path = mkdtempSync(join(packageFolder, "test", ".readme-"));

  add(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

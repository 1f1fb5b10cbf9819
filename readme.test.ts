import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { parsePluginConfigs } from "@fairlead/plugin-host";

const root = import.meta.dirname;
const readme = readFileSync(join(root, "README.md"), "utf8");
const scripts = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> })
  .scripts;

// Inside the tree, so that the snippet finds the packages as a user's project would.
const folder = mkdtempSync(join(root, "node_modules", ".readme-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function codeBlocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1]!);
}

test("the README's plugin compiles with strict types", () => {
  const [source] = codeBlocks("ts");
  assert.ok(source !== undefined && source.split("\n").length < 14, "a plugin in ten lines");
  writeFileSync(join(folder, "plugin.ts"), source);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.base.json", compilerOptions: { noEmit: true }, files: ["plugin.ts"] }),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  execFileSync(join(root, "node_modules", ".bin", "tsc"), ["-p", folder], { stdio: "pipe" });
});

test("the README's configuration is accepted", () => {
  const [config] = codeBlocks("json");
  const { plugins } = JSON.parse(config!) as { plugins: unknown };
  const [entry] = parsePluginConfigs(plugins, "README.md");
  assert.equal(entry?.type, "notifier");
  assert.deepEqual(entry?.notifierOptions.fsEvents, ["upload"]);
});

test("every npm script the documents name exists", () => {
  const text = readme + readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const named = [...text.matchAll(/`npm (?:run )?([a-z]+)|^npm (?:run )?([a-z]+)|&& npm (?:run )?([a-z]+)/gm)].map(
    (match) => (match[1] ?? match[2] ?? match[3])!,
  );
  const known = new Set([...Object.keys(scripts), "install"]);
  assert.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  );
});

test("every file the README links to exists", () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]!);
  assert.ok(links.length > 5);
  assert.deepEqual(
    links.filter((link) => !existsSync(join(root, dirname(link), link.split("/").at(-1)!))),
    [],
  );
});

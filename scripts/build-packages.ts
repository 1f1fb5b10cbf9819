/**
 * Builds each package's `dist/` as it is published: tsc writes the types, file by file; the code of a library becomes one
 * file for each entry, and few shared ones. Node takes a third to half a millisecond for each file it loads, and a plugin
 * is not started before it has loaded them all. The server, an application, stays as tsc writes it.
 */
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, stop, type BuildOptions, type OutputFile, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");

/**
 * Packages of which a program uses one entry: each becomes one file. They share what the main entry exports; the rest they
 * have each for themselves. Entries of other packages share what they have in common.
 */
const ONE_FILE_AN_ENTRY: ReadonlySet<string> = new Set(["packages/go-plugin"]);

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly source: string }>>;
}

/** A source file, and the built file that stands for it wherever another one imports it. */
type Standing = ReadonlyMap<string, string>;

export async function buildPackages(): Promise<void> {
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-b", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
  const libraries = globSync("packages/*", { cwd: root }).filter(isLibrary);
  try {
    await Promise.all(libraries.map(async (library) => await bundleLibrary(library)));
  } finally {
    await stop();
  }
}

function isLibrary(folder: string): boolean {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, folder, "tsconfig.build.json"), "utf8")) as {
    readonly compilerOptions: { readonly emitDeclarationOnly?: boolean };
  };
  return compilerOptions.emitDeclarationOnly === true;
}

async function bundleLibrary(library: string): Promise<void> {
  const folder = join(root, library);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const entries = Object.values(exports).map(({ source }) => join(folder, source));
  const outputs = ONE_FILE_AN_ENTRY.has(library) ? await bundleApart(folder, entries) : await bundle(folder, entries);
  writeAll(folder, new Map(outputs.map(({ path, text }) => [path, text])));
}

/** The main entry, and then each other one as one file, but for what it imports first. */
async function bundleApart(folder: string, [main, ...others]: readonly string[]): Promise<OutputFile[]> {
  const top = findExporting(main!).map((file): [string, string] => [file, builtPath(folder, main!)]);
  const first = others.flatMap((entry) => findFirstImport(entry));
  const shared = new Map([...top, ...first.map((file): [string, string] => [file, builtPath(folder, file)])]);
  const firstBundles = await Promise.all(first.map(async (file) => await bundle(folder, [file], new Map(top))));
  const bundles = await Promise.all(others.map(async (entry) => await bundle(folder, [entry], shared)));
  return [...(await bundle(folder, [main!])), ...firstBundles.flat(), ...bundles.flat()];
}

async function bundle(
  folder: string,
  entries: readonly string[],
  standing: Standing = new Map(),
): Promise<OutputFile[]> {
  const options: BuildOptions & { readonly write: false } = {
    entryPoints: [...entries],
    outbase: join(folder, "src"),
    outdir: join(folder, "dist"),
    chunkNames: "shared/[name]-[hash]",
    bundle: true,
    splitting: true,
    platform: "node",
    // Older than what the packages need: an old Node must be able to read them as far as to where it is refused.
    target: "node20",
    format: "esm",
    packages: "external",
    plugins: standing.size === 0 ? [] : [leaveOut(folder, entries[0]!, standing)],
    write: false,
    logLevel: "warning",
  };
  return (await build(options)).outputFiles;
}

/** Imports files that another built file stands for from there, instead of taking them in. */
function leaveOut(folder: string, entry: string, standing: Standing): Plugin {
  return {
    name: "leave-out",
    setup(esbuild) {
      esbuild.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const target = standing.get(join(resolveDir, path));
        return target === undefined
          ? undefined
          : { path: importPath(builtPath(folder, entry), target), external: true };
      });
    },
  };
}

/** The files whose values an entry exports. Not those of its types, which are nothing at run time. */
function findExporting(entry: string): readonly string[] {
  const source = readFileSync(entry, "utf8");
  return [...source.matchAll(/^export \{[^}]*\} from "(\.[^"]+)";$/gm)].map(([, path]) => join(dirname(entry), path!));
}

/**
 * What an entry imports for its effect, before anything else. It stays a file of its own: it may end the process because
 * its Node is too old, and must have nothing else with it that such a Node could fail at before.
 */
function findFirstImport(entry: string): readonly string[] {
  const [, path] = /^import "(\.[^"]+)";$/m.exec(readFileSync(entry, "utf8")) ?? [];
  return path === undefined ? [] : [join(dirname(entry), path)];
}

function builtPath(folder: string, source: string): string {
  return join(folder, "dist", relative(join(folder, "src"), source)).replace(/\.ts$/, ".js");
}

function importPath(from: string, to: string): string {
  const path = relative(dirname(from), to);
  return path.startsWith(".") ? path : `./${path}`;
}

function writeAll(folder: string, built: ReadonlyMap<string, string>): void {
  for (const [path, text] of built) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const stale = globSync("dist/**/*.js", { cwd: folder }).filter((file) => !built.has(join(folder, file)));
  for (const file of stale) rmSync(join(folder, file));
}

if (import.meta.main) await buildPackages();

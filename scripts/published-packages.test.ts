/**
 * The packages as npm would publish them, looked at from outside: publint and “are the types wrong” find nothing, and
 * nothing but what users need is in them. Needs `npm run build:packages`; a part of `npm run check`.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = join(import.meta.dirname, "..");
const licence = readFileSync(join(root, "LICENSE"), "utf8");

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
}

/**
 * What each entry loads before a program's first line: files of the packages, and parts of Node. Each file takes a third to
 * half a millisecond; node:crypto and node:tls take ten together, node:net with node:stream takes two, node:fs and
 * node:process evaluate all their lazy parts when they are imported (`process.getBuiltinModule` does not). `npm run bench -- load-time` has the milliseconds.
 */
const LOADS: Readonly<Record<string, { readonly files: number; readonly builtins: readonly string[] }>> = {
  "@fairlead/grpc": { files: 1, builtins: [] },
  "@fairlead/go-plugin": { files: 1, builtins: [] },
  "@fairlead/go-plugin/host": { files: 3, builtins: ["os", "path", "timers/promises"] },
  "@fairlead/go-plugin/serve": { files: 4, builtins: ["path"] },
  "@fairlead/go-plugin/testing": { files: 3, builtins: [] },
};

/** What require() and resolution before exports see is nobody's business: the packages are ESM. */
const ESM_RESOLUTIONS: readonly (string | undefined)[] = ["node16-esm", "bundler", undefined];

const project = mkdtempSync(join(tmpdir(), "fairlead-packed-"));
after(() => rmSync(project, { recursive: true }));

for (const file of globSync("packages/*/package.json", { cwd: root }).toSorted()) {
  const manifest = JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest;
  if (manifest.private === true) continue;

  describe(`${manifest.name}, packed`, () => {
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--pack-destination", project], {
        cwd: join(root, file, ".."),
        encoding: "utf8",
      }),
    ) as [{ readonly filename: string; readonly files: readonly { readonly path: string }[] }];
    const tarball = new Uint8Array(readFileSync(join(project, packed.filename)));

    // As npm would install it.
    const installed = join(project, "node_modules", manifest.name);
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", packed.filename, "--strip-components=1", "-C", installed], { cwd: project });

    it("is clean for publint", async () => {
      const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
      assert.deepEqual(
        messages.map((message) => formatMessage(message, pkg, { color: false })),
        [],
      );
    });

    it("has types that resolve as its code does", async () => {
      const analysis = await checkPackage(createPackageFromTarballData(tarball));
      assert.ok(analysis.types !== false, "it has no types");
      const problems = analysis.problems.filter((problem) =>
        ESM_RESOLUTIONS.includes("resolutionKind" in problem ? problem.resolutionKind : undefined),
      );
      assert.deepEqual(problems, []);
    });

    // A bundler renames a class whose body names it, and Node shows errors by the names of their classes.
    it("calls its errors by their names", () => {
      const renamed = globSync("dist/**/*.js", { cwd: installed }).flatMap(
        (path) => readFileSync(join(installed, path), "utf8").match(/\bclass _\w+ extends/g) ?? [],
      );
      assert.deepEqual(renamed, []);
    });

    it("holds what was built, its README and the licence, and nothing else", () => {
      const others = packed.files
        .map(({ path }) => path)
        .filter((path) => !/^dist\/.*(?<!\.test(?:-d)?)\.(?:js|d\.ts)$/.test(path));
      assert.deepEqual(others.toSorted(), ["LICENSE", "README.md", "package.json"]);
      assert.equal(readFileSync(join(root, file, "../LICENSE"), "utf8"), licence);
    });
  });
}

describe("the packed entries", () => {
  writeFileSync(
    join(project, "loads.mjs"),
    `import { registerHooks } from "node:module";
    const files = [];
    const builtins = new Set();
    registerHooks({
      resolve(specifier, context, next) {
        const resolved = next(specifier, context);
        if (resolved.url.startsWith("node:")) builtins.add(resolved.url.slice("node:".length));
        return resolved;
      },
      load(url, context, next) {
        if (url.startsWith("file:")) files.push(url);
        return next(url, context);
      },
    });
    await import(process.argv[2]);
    console.log(JSON.stringify({ files: files.length, builtins: [...builtins].toSorted() }));`,
  );
  // One character beyond Latin-1, in a comment say, and Node takes two bytes for each of the file.
  it("take one byte a character", () => {
    const wide = globSync("node_modules/@fairlead/*/dist/**/*.js", { cwd: project }).filter((path) =>
      /[^\0-\xff]/.test(readFileSync(join(project, path), "utf8")),
    );
    assert.deepEqual(wide, []);
  });

  for (const [entry, expected] of Object.entries(LOADS)) {
    it(`load few files and little of Node: ${entry}`, () => {
      const loaded = execFileSync(process.execPath, ["loads.mjs", entry], { cwd: project, encoding: "utf8" });
      assert.deepEqual(JSON.parse(loaded), expected);
    });
  }
});

describe("the packed packages", () => {
  for (const [name, printed] of [
    ["grpc", "hello world\n"],
    ["go-plugin", "HELLO\n"],
  ] as const) {
    it(`run the first program of their README: ${name}`, () => {
      const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
      const [, code] = /^```ts\n(.*?)^```/ms.exec(readme)!;
      writeFileSync(join(project, `${name}.ts`), code!);
      const { stdout, stderr } = spawnSync(process.execPath, [`${name}.ts`], { cwd: project, encoding: "utf8" });
      assert.deepEqual([stdout, stderr], [printed, ""]);
    });
  }
});

describe("the packed libraries", () => {
  // What they depend on, from here instead of the registry.
  for (const name of ["@bufbuild", "@types", "undici-types", "zod"]) {
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
  }
  const libraries = globSync("packages/*/package.json", { cwd: root })
    .map((file) => JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest)
    .filter(({ name }) => name.startsWith("@fairlead/"));
  const entries = libraries.flatMap(({ name, exports }) => Object.keys(exports).map((entry) => join(name, entry)));
  writeFileSync(
    join(project, "consumer.ts"),
    entries.map((entry, index) => `import * as entry${index} from "${entry}";\nexport { entry${index} };\n`).join(""),
  );
  const options = { target: "esnext", module: "nodenext", strict: true, noEmit: true, types: ["node"] };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["consumer.ts"] }));
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));

  // The older one is what “are the types wrong” brings along.
  const require = createRequire(import.meta.resolve("@arethetypeswrong/core"));
  for (const [compiler, script] of [
    ["our TypeScript", join(root, "node_modules/typescript/bin/tsc")],
    ["TypeScript 5.6", join(require.resolve("typescript"), "../../bin/tsc")],
  ] as const) {
    it(`have types that compile with nothing skipped: ${compiler}`, () => {
      const { stdout } = spawnSync(process.execPath, [script, "-p", project], { encoding: "utf8" });
      // What others' types have to complain about is not our business.
      assert.deepEqual(
        stdout.split("\n").filter((line) => /^(?:consumer|.*@fairlead\/)/.test(line)),
        [],
      );
    });
  }
});

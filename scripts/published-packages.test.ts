/**
 * The packages as npm would publish them, looked at from outside: publint and “are the types wrong” find nothing, and
 * nothing but what users need is in them. Needs `npm run build:packages`; a part of `npm run check`.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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
}

/** What require() and resolution before exports see is nobody's business: the packages are ESM. */
const ESM_RESOLUTIONS: readonly (string | undefined)[] = ["node16-esm", "bundler", undefined];

for (const file of globSync("packages/*/package.json", { cwd: root }).toSorted()) {
  const manifest = JSON.parse(readFileSync(join(root, file), "utf8")) as Manifest;
  if (manifest.private === true) continue;

  describe(`${manifest.name}, packed`, () => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-packed-"));
    after(() => rmSync(folder, { recursive: true }));
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
        cwd: join(root, file, ".."),
        encoding: "utf8",
      }),
    ) as [{ readonly filename: string; readonly files: readonly { readonly path: string }[] }];
    const tarball = new Uint8Array(readFileSync(join(folder, packed.filename)));

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

    it("holds what was built, its README and the licence, and nothing else", () => {
      const others = packed.files
        .map(({ path }) => path)
        .filter((path) => !/^dist\/.*(?<!\.test(?:-d)?)\.(?:js|d\.ts)$/.test(path));
      assert.deepEqual(others.toSorted(), ["LICENSE", "README.md", "package.json"]);
      assert.equal(readFileSync(join(root, file, "../LICENSE"), "utf8"), licence);
    });
  });
}

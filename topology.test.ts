/**
 * Who may import whom. The table is written out as literals on purpose: a new arrow between packages is a decision
 * about the house, made here and in the same commit, not something that happens in an import line.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { test } from "node:test";

const root = import.meta.dirname;

/** Package folder → the Fairlead entries its source may import. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "packages/grpc": [],
  "packages/go-plugin": ["@fairlead/grpc"],
  "packages/plugin-sdk": [
    "@fairlead/grpc",
    "@fairlead/go-plugin",
    // Its spawned test harness is a host.
    "@fairlead/go-plugin/host",
    "@fairlead/go-plugin/serve",
    "@fairlead/go-plugin/testing",
  ],
  "packages/plugin-host": ["@fairlead/go-plugin", "@fairlead/go-plugin/host", "@fairlead/plugin-sdk/client"],
  "packages/sftp": [],
  "packages/server": [
    "@fairlead/go-plugin",
    "@fairlead/go-plugin/host",
    "@fairlead/plugin-host",
    "@fairlead/plugin-sdk/client",
    "@fairlead/sftp",
  ],
};

/** Folder inside packages/server/src → the sibling folders it may import. The files beside them wire everything. */
const SERVER_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  events: ["domain"],
  files: ["domain", "events"],
  secrets: ["domain"],
  login: ["domain", "events", "secrets"],
  log: [],
  store: ["domain", "login", "files"],
  config: ["domain", "log"],
  ssh: ["domain", "login", "files", "events", "config"],
  // The command line is the outermost layer: it calls the two files that wire everything.
  cli: ["config", "domain", "log", "login", "secrets", "start-server.ts", "open-user-admin.ts"],
};

/** Pairs inside one package that must not know each other. */
const STRANGERS: readonly (readonly [string, string])[] = [
  ["packages/go-plugin/src/host", "packages/go-plugin/src/serve"],
  ["packages/plugin-sdk/src/serve", "packages/plugin-sdk/src/client"],
];

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function importsBelow(folder: string): Import[] {
  const files = globSync(`${folder}/**/*.ts`, { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const found = text.matchAll(/^(?:import|export)\s[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|import\("([^"]+)"\)/gm);
    return [...found].map((match) => ({ file, specifier: match[1] ?? match[2] ?? match[3] ?? "" }));
  });
}

/** The repository path an import of a neighbouring file points at; undefined for packages. */
function targetOf({ file, specifier }: Import): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return relative(root, join(root, file, "..", specifier))
    .split(sep)
    .join("/");
}

for (const [folder, allowed] of Object.entries(PACKAGES)) {
  test(`${folder} imports only the packages below it`, () => {
    const foreign = importsBelow(`${folder}/src`)
      .filter(({ specifier }) => specifier.startsWith("@fairlead/") || specifier === "fairlead")
      .filter(({ file, specifier }) => !allowed.includes(specifier) && !isTestingDoor(file, specifier));
    assert.deepEqual(foreign, []);
  });

  test(`${folder} reaches other packages by name, never by path`, () => {
    const escapes = importsBelow(`${folder}/src`).filter((found) => {
      const target = targetOf(found);
      return target !== undefined && !target.startsWith(`${folder}/`);
    });
    assert.deepEqual(escapes, []);
  });
}

/** A package's own `testing` entry may use the `testing` entries of the packages below it. */
function isTestingDoor(file: string, specifier: string): boolean {
  return file.includes("/src/testing/") && specifier.endsWith("/testing");
}

for (const [folder, allowed] of Object.entries(SERVER_FOLDERS)) {
  test(`server/${folder} imports only ${allowed.join(", ") || "nothing of the server"}`, () => {
    const base = "packages/server/src";
    const foreign = importsBelow(`${base}/${folder}`).filter((found) => {
      const target = targetOf(found);
      if (target === undefined || target.startsWith(`${base}/${folder}/`)) return false;
      return !allowed.some((name) => target === `${base}/${name}` || target.startsWith(`${base}/${name}/`));
    });
    assert.deepEqual(foreign, []);
  });
}

for (const [one, other] of STRANGERS) {
  test(`${one} and ${other} never import each other`, () => {
    const crossings = [...importsBelow(one), ...importsBelow(other)].filter((found) => {
      const target = targetOf(found);
      if (target === undefined) return false;
      return found.file.startsWith(`${one}/`) ? target.startsWith(`${other}/`) : target.startsWith(`${one}/`);
    });
    assert.deepEqual(crossings, []);
  });
}

test("every workspace package is in the table", () => {
  const folders = globSync("packages/*/package.json", { cwd: root }).map((file) =>
    file.split(sep).slice(0, 2).join("/"),
  );
  assert.deepEqual(folders.sort(), Object.keys(PACKAGES).sort());
});

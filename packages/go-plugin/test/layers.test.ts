import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";

const source = join(import.meta.dirname, "../src");

// What each part of the package may import of the others; its own folder and the files at the top are free.
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  // The broker's types belong to the vocabulary.
  ".": ["broker"],
  protocol: [],
  tls: ["protocol"],
  transport: ["protocol", "tls"],
  yamux: [],
  broker: ["protocol", "tls", "transport", "yamux"],
  host: ["protocol", "tls", "transport", "broker", "yamux"],
  serve: ["protocol", "tls", "transport", "broker", "yamux"],
  testing: ["protocol", "broker"],
};

function partOf(file: string): string {
  return dirname(relative(source, file)).split("/")[0] ?? ".";
}

describe("the layers of go-plugin", () => {
  const files = globSync(join(source, "**/*.ts")).filter((file) => !file.endsWith(".test.ts"));

  it("import only what is below them: host and serve never meet", () => {
    const wrong: string[] = [];
    for (const file of files) {
      const part = partOf(file);
      for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/(?:from|import) \(?"(\.[^"]+)"/g)) {
        const target = partOf(join(dirname(file), path));
        const allowed = target === part || target === "." || MAY_IMPORT[part]?.includes(target) === true;
        if (!allowed) wrong.push(`${relative(source, file)} → ${path}`);
      }
      for (const [, path = ""] of readFileSync(file, "utf8").matchAll(/import\("(\.[^"]+)"\)/g)) {
        const target = partOf(join(dirname(file), path));
        if (target !== part && MAY_IMPORT[part]?.includes(target) !== true) {
          wrong.push(`${relative(source, file)} → ${path}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
  });

  // A bundler that makes one file of all, as plugins are built, puts off whatever a module that is loaded later reaches.
  it("load later only what reaches nothing of grpc", () => {
    const targets = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/import\("(\.[^"]+)"\)/g)].map(([, path = ""]) =>
        join(dirname(file), path),
      ),
    );
    const reached = new Set(targets);
    for (const file of reached) {
      const code = readFileSync(file, "utf8");
      for (const [, path = ""] of code.matchAll(/^(?:import|export) (?!type )[^;]*? from "([^"]+)";$/gm)) {
        assert.notEqual(path, "@fairlead/grpc", relative(source, file));
        if (path.startsWith(".")) reached.add(join(dirname(file), path));
      }
    }
    assert.ok(targets.length > 0);
  });

  it("depend on nothing but grpc and Node", () => {
    const packages = new Set<string>();
    for (const file of files) {
      for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/from "([^."][^"]*)"/g)) packages.add(name);
    }
    assert.deepEqual(
      [...packages].filter((name) => !name.startsWith("node:")),
      ["@fairlead/grpc"],
    );
  });

  it("export what they always did", async () => {
    const [index, host, serve, testing] = await Promise.all([
      import("@fairlead/go-plugin"),
      import("@fairlead/go-plugin/host"),
      import("@fairlead/go-plugin/serve"),
      import("@fairlead/go-plugin/testing"),
    ]);
    assert.deepEqual(Object.keys(index), ["PluginError", "definePluginKind", "silentLogger"]);
    assert.deepEqual(Object.keys(host), [
      "discover",
      "formatReattachInfo",
      "launch",
      "parseReattachInfo",
      "reattach",
      "stopAllPlugins",
      "stopPluginsOnSignals",
    ]);
    assert.deepEqual(Object.keys(serve), [
      "formatReattachInfo",
      "provide",
      "serve",
      "serveOneOf",
      "startPluginServer",
      "startReattachableServer",
    ]);
    assert.deepEqual(Object.keys(testing), ["connectInMemory"]);
  });
});

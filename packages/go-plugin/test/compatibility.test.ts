/** Each requirement of docs/reference/go-plugin-compatibility.md has a test that names it; each test names one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readTitles } from "./support/test-titles.ts";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/reference/go-plugin-compatibility.md"), "utf8");

/** Tests in these files need not name a requirement. */
const ABOUT_OTHER_THINGS: Readonly<Record<string, string>> = {
  "packages/go-plugin/test/compatibility.test.ts": "is about the page itself",
  "packages/go-plugin/test/fuzz.test.ts": "is about parsers in general: they answer or throw, whatever they read",
  "packages/go-plugin/test/layers.test.ts": "is about the package's own structure and exports",
  "packages/go-plugin/test/readme.test.ts": "is about the README's programs",
};

/** What go-plugin exports, without net/rpc: `MuxBroker`, `RPCClient`, `RPCServer`, `BasicError` and their like. */
const FEATURES: readonly string[] = [
  "`HandshakeConfig` ProtocolVersion",
  "`HandshakeConfig` MagicCookieKey, MagicCookieValue",
  "`ClientConfig` Plugins",
  "`ClientConfig` VersionedPlugins",
  "`ClientConfig` Cmd",
  "`ClientConfig` RunnerFunc",
  "`ClientConfig` Reattach",
  "`ClientConfig` SecureConfig",
  "`ClientConfig` MinPort, MaxPort",
  "`ClientConfig` StartTimeout",
  "`ClientConfig` Stderr",
  "`ClientConfig` SyncStdout, SyncStderr",
  "`ClientConfig` AllowedProtocols",
  "`ClientConfig` Logger",
  "`ClientConfig` PluginLogBufferSize",
  "`ClientConfig` AutoMTLS",
  "`ClientConfig` TLSConfig",
  "`ClientConfig` GRPCBrokerMultiplex",
  "`ClientConfig` GRPCDialOptions",
  "`ClientConfig` SkipHostEnv",
  "`ClientConfig` UnixSocketConfig Group, TempDir",
  "`ClientConfig` Managed",
  "`Client` NewClient, Start, Client, Kill",
  "`Client` Exited, ID, Protocol, NegotiatedVersion, ReattachConfig",
  "`Discover`",
  "`CleanupClients`, `Killed`",
  "`ClientProtocol` Dispense, Ping, Close",
  "`SecureConfig` Checksum, Hash, Check",
  "`ReattachConfig` Protocol, ProtocolVersion, Addr, Pid, ReattachFunc, Test",
  "`Runner`, `AttachedRunner`, `AddrTranslator`, `ReattachFunc`",
  "`ErrProcessNotFound`",
  "`ErrChecksumsDoNotMatch`, `ErrSecureConfigNoChecksum`, `ErrSecureConfigNoHash`, `ErrSecureConfigAndReattach`",
  "`ErrGRPCBrokerMuxNotSupported`",
  "`ServeConfig` Plugins, VersionedPlugins",
  "`ServeConfig` TLSProvider",
  "`ServeConfig` GRPCServer, `DefaultGRPCServer`",
  "`ServeConfig` Logger",
  "`ServeConfig` Test",
  "`Serve`",
  "`ServeMux`",
  "`Plugin`, `GRPCPlugin` GRPCServer, GRPCClient",
  "`GRPCBroker` NextId, Accept, AcceptAndServe, Dial, DialWithOptions, Close, Run",
  "`GRPCServer`, `GRPCClient` Init, Serve, Stop, GracefulStop, Config",
  "`GRPCServiceName`, `CoreProtocolVersion`",
  "`EnvUnixSocketDir`, `EnvUnixSocketGroup`",
  "`TestConn`, `TestGRPCConn`, `TestPluginGRPCConn`, `TestOptions`",
];

const [requirementsPart = "", rest = ""] = page.split("\n## Coverage\n");
const [coveragePart = "", later = ""] = rest.split("\n## go-plugin's own tests\n");
const [goTestsPart = "", differencesPart = ""] = later.split("\n## Deliberate differences\n");

/** The cells of a part's tables, without their heads. */
function rowsOf(part: string): string[][] {
  const rows = part
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (?:id|go-plugin|test in Go) \|/.test(line));
  return rows.map((line) =>
    line
      .slice(1, -1)
      .split(" | ")
      .map((cell) => cell.trim()),
  );
}

const requirements = rowsOf(requirementsPart);
const ids = requirements.map(([cell = ""]) => cell.replaceAll("`", ""));
const known: ReadonlySet<string> = new Set(ids);

const tests = globSync(["packages/go-plugin/{src,test}/**/*.test.ts", "interop/**/*.test.ts"], { cwd: root })
  .filter((file) => ABOUT_OTHER_THINGS[file] === undefined)
  .toSorted()
  .flatMap((file) => readTitles(readFileSync(join(root, file), "utf8")).map((title) => ({ file, ...title })));

/** The folder of go-plugin's source, where Go has it. */
function findGoPlugin(): string | undefined {
  const args = ["list", "-m", "-f", "{{.Dir}}", "github.com/hashicorp/go-plugin"];
  const { status, stdout } = spawnSync("go", args, { cwd: join(root, "interop"), encoding: "utf8" });
  return status === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
}

function readGo(place: string): string {
  const files = place.endsWith(".go") ? [place] : globSync(join(place, "*.go"));
  return files.map((file) => readFileSync(file, "utf8")).join("\n");
}

const goPlugin = findGoPlugin();

describe("the compatibility page", () => {
  it("says of each requirement what it is, where it comes from, and what is done here", () => {
    assert.ok(requirements.length > 50);
    for (const cells of requirements) {
      assert.equal(cells.length, 4, cells.join(" | "));
      assert.match(cells[0]!, /^`[a-z0-9]+(?:[:-][a-z0-9]+)*`$/);
      assert.ok(
        cells.every((cell) => cell !== ""),
        cells.join(" | "),
      );
    }
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    );
  });

  it(
    "names functions that go-plugin has",
    { skip: goPlugin === undefined && "go-plugin is not there: needs Go" },
    () => {
      const sources = requirements.flatMap(([id, , source = ""]) =>
        [...source.matchAll(/`([\w/]+(?:\.go)?): ([^`]+)`/g)].map(([, place, names]) => ({
          id,
          place: place!,
          names: names!,
        })),
      );
      assert.ok(sources.length > 60);
      const absent = sources
        .filter(({ place }) => !place.startsWith("hashicorp/"))
        .flatMap(({ id, place, names }) => {
          const text = readGo(join(goPlugin!, place));
          const last = names.split(", ").map((name) => name.slice(name.lastIndexOf(".") + 1));
          return last
            .filter((name) => !new RegExp(`\\b${name}\\b`).test(text))
            .map((name) => `${id}: ${place}: ${name}`);
        });
      assert.deepEqual(absent, []);
    },
  );

  it("has a test for each requirement", () => {
    const named = new Set(tests.flatMap((test) => test.ids));
    assert.deepEqual(
      ids.filter((id) => !named.has(id)),
      [],
    );
  });

  it("knows each requirement that tests name", () => {
    const unknown = tests.flatMap(({ file, title, ids: cited }) =>
      cited.filter((id) => !known.has(id)).map((id) => `${id} in ${file}: ${title}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("is named by every test of the protocol", () => {
    // Unit tests beside the source may name a requirement; those over sockets and processes are about nothing else.
    const silent = tests
      .filter(({ file, ids: cited }) => cited.length === 0 && !file.startsWith("packages/go-plugin/src/"))
      .map(({ file, title }) => `${file}: ${title}`);
    assert.deepEqual(silent, []);
  });

  it("covers every feature of go-plugin with requirements that exist", () => {
    const covered = rowsOf(coveragePart);
    assert.deepEqual(
      covered.map(([feature]) => feature),
      FEATURES,
    );
    for (const [feature = "", cell = ""] of covered) {
      assert.deepEqual(
        cell.split(" ").filter((id) => !known.has(id.replaceAll("`", ""))),
        [],
        feature,
      );
    }
  });

  it("says of go-plugin's own tests what holds the same here", () => {
    for (const [names = "", cell = ""] of rowsOf(goTestsPart)) {
      assert.deepEqual(
        cell.split(" ").filter((id) => !known.has(id.replaceAll("`", ""))),
        [],
        names,
      );
    }
  });

  it(
    "leaves none of go-plugin's tests out",
    { skip: goPlugin === undefined && "go-plugin is not there: needs Go" },
    () => {
      const listed = rowsOf(goTestsPart).flatMap(([names = ""]) => names.replaceAll("`", "").split(", "));
      const files = globSync("{*,internal/*/*}_test.go", { cwd: goPlugin! });
      const found = files.flatMap((file) =>
        [...readGo(join(goPlugin!, file)).matchAll(/^func ((?:Test|Benchmark)\w+)\(/gm)].map(([, name]) => name!),
      );
      // Not a test: the plugin that the others start.
      assert.deepEqual(listed.toSorted(), found.filter((name) => name !== "TestHelperProcess").toSorted());
    },
  );

  it("gives a reason for each deliberate difference, and for no other", () => {
    const different = requirements
      .filter((cells) => cells[3]!.includes("(Go: "))
      .map(([id]) => id!.replaceAll("`", ""));
    const reasons = differencesPart.split("\n").filter((line) => line.startsWith("- "));
    const explained = reasons.flatMap((line) => [...line.slice(0, line.indexOf("`: ") + 1).matchAll(/`([^`]+)`/g)]);
    assert.deepEqual(explained.map(([, id]) => id!).toSorted(), different.toSorted());
  });
});

describe("readTitles", () => {
  it("reads what tests are called, and what they name", () => {
    const source = `
      test("plain [a:b c:d-e]", () => {});
      it(
        \`of \${n} \${x ? \`"}\` : "y"} [f]\`, {}, () => pattern.test("[x:y]"));
      it.skip("says \\"it(\\" [g:h] early", () => {});
      for (const { ids } of [{ ids: "i:j k" }]) test(\`row [\${ids}]\`, run);
      test(title, run);`;
    assert.deepEqual(
      readTitles(source).map(({ ids: named }) => named),
      [["a:b", "c:d-e"], ["f"], [], ["i:j", "k"], []],
    );
  });
});

describe("the files that are about other things", () => {
  it("exist", () => {
    const files = new Set(globSync("packages/go-plugin/test/*.test.ts", { cwd: root }));
    assert.deepEqual(
      Object.keys(ABOUT_OTHER_THINGS).filter((file) => !files.has(file)),
      [],
    );
  });
});

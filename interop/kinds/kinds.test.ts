import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { FsEventsFilter } from "@fairlead/plugin-sdk/client";
import { isAlive } from "../../e2e/harness/processes.ts";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { buildInterop } from "../build.ts";
import { bundlePlugin, pluginPath } from "../bundle-plugin.ts";
import { openTempFolder, type TempFolder } from "../temp-folder.ts";
import { createGoKindsHost } from "./go-kinds-host.ts";
import { CallFailed, type KindName, type KindsAnswer, type KindsHost } from "./kinds-host.ts";
import { launchOurKindsHost } from "./our-kinds-host.ts";

const built = await buildInterop();

/** Larger than the 4 MiB that gRPC takes in one message unless told otherwise. */
const tooLargeBytes = 5 * 1_048_576;
const largeBytes = 1_800_000;

const pairs = [
  ["our", "Go"],
  ["Go", "our"],
  ["Go", "Go"],
] as const;

const stored = '{"id":7,"username":"alice","quota_size":9223372036854775807,"newer_field":{"a":[1]}}';

suite("auth, kms, ipfilter and eventsearcher", { skip: built === undefined && "go is not installed" }, () => {
  let folder: TempFolder;
  let ourPlugin = "";
  before(async () => {
    folder = await openTempFolder();
    ourPlugin = await bundlePlugin(join(import.meta.dirname, "..", "fixtures", "kinds-plugin.ts"), folder.at("kinds"));
  });
  after(async () => await folder[Symbol.asyncDispose]());

  const { kindsHost, kindsPlugin } = built!;
  for (const [host, plugin] of pairs) {
    for (const autoMtls of [false, true]) {
      void suite(`${host} host, ${plugin} plugin, autoMtls ${autoMtls}`, () => {
        const launch = host === "our" ? launchOurKindsHost : createGoKindsHost(kindsHost);
        let runs = 0;
        let record = "";
        const open = async (kind: KindName, env: Readonly<Record<string, string>> = {}): Promise<KindsHost> => {
          record = folder.at(`${host}-${plugin}-${autoMtls}-${++runs}.jsonl`);
          return await launch({
            kind,
            plugin: plugin === "our" ? ourPlugin : kindsPlugin,
            autoMtls,
            env: { PATH: pluginPath, TMPDIR: tmpdir(), KINDS_PLUGIN_OUT: record, ...env },
          });
        };
        const recorded = (): readonly Record<string, unknown>[] =>
          readFileSync(record, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as Record<string, unknown>);

        test("a password, a key, a certificate and a keyboard login arrive whole, and the user comes back [kind:auth]", async () => {
          await using auth = await open("auth");
          const login = { username: "alice", ip: "2001:db8::1", protocol: "SSH", user: stored };
          const answers = [
            await auth.call({ do: "CheckUserAndPass", credential: "pä\u0000ss", ...login }),
            await auth.call({ do: "CheckUserAndPublicKey", credential: "ssh-ed25519 AAAA\n", ...login }),
            await auth.call({ do: "CheckUserAndTLSCert", credential: "-----BEGIN", ...login }),
            await auth.call({ do: "CheckUserAndKeyboardInteractive", ...login }),
          ];
          assert.deepEqual(
            recorded().map(({ call, asked }) => [call, asked]),
            [
              ["CheckUserAndPass", ["pä\u0000ss", "2001:db8::1", "SSH"]],
              ["CheckUserAndPublicKey", ["ssh-ed25519 AAAA\n", "2001:db8::1", "SSH"]],
              ["CheckUserAndTLSCert", ["-----BEGIN", "2001:db8::1", "SSH"]],
              ["CheckUserAndKeyboardInteractive", ["2001:db8::1", "SSH"]],
            ],
          );
          for (const answer of answers) {
            // As text: a 64-bit number must come back with all its digits.
            assert.match(text(answer), /"quota_size":9223372036854775807/);
            assert.match(text(answer), /"newer_field":\{"a":\[1\]\}/);
            assert.match(text(answer), /"description":"CheckUserAnd/);
          }
        });

        test("a refusal is the plugin's words, no change is no answer [kind:auth]", async () => {
          await using auth = await open("auth");
          const login = { credential: "x", ip: "::1", protocol: "SSH", user: "{}" };
          await rejectsWith(auth.call({ do: "CheckUserAndPass", username: "denied", ...login }), /^denied by plugin$/);
          assert.equal(await auth.call({ do: "CheckUserAndPass", username: "unchanged", ...login }), "");
        });

        test("a keyboard login goes through its steps [kind:keyboard]", async () => {
          await using auth = await open("auth");
          const step = async (number: number, questions: string[], answers: string[]): Promise<KindsAnswer> =>
            await auth.call({
              do: "SendKeyboardAuthRequest",
              requestId: "r1",
              username: "alice",
              credential: "$2a$hash",
              ip: number === 1 ? "::1" : "",
              questions,
              answers,
              step: number,
            });
          assert.deepEqual(await step(1, [], []), {
            instructions: "first",
            questions: ["Password: "],
            echos: [false],
            authResult: 0,
            checkPassword: 1,
          });
          const second = await step(2, ["Password: "], ["OK"]);
          assert.deepEqual(second, {
            instructions: "second",
            questions: ["Sure? ", "Colour? "],
            echos: [true, false],
            authResult: 0,
            checkPassword: 0,
          });
          const last = await step(3, ["Sure? ", "Colour? "], ["yes", "blue"]);
          assert.equal((last as { authResult: number }).authResult, 1);
          assert.equal(recorded()[0]?.["password"], "$2a$hash");
          await rejectsWith(
            auth.call({
              do: "SendKeyboardAuthRequest",
              requestId: "r2",
              username: "denied",
              credential: "",
              ip: "::1",
              questions: [],
              answers: [],
              step: 1,
            }),
            /denied by plugin/,
          );
        });

        test("many logins at once all get their own answer [kind:auth]", async () => {
          await using auth = await open("auth");
          const users = Array.from({ length: 100 }, (_, index) => `user${index}`);
          const answers = await Promise.all(
            users.map((username) =>
              auth.call({
                do: "CheckUserAndPass",
                username,
                credential: username,
                ip: "::1",
                protocol: "SSH",
                user: "{}",
              }),
            ),
          );
          answers.forEach((answer, index) =>
            assert.match(text(answer), new RegExp(`CheckUserAndPass user${index} ::1`)),
          );
        });

        test("a user of 1.8 MB passes both ways, one of 5 MiB does not reach a Go plugin [kind:large]", async () => {
          await using auth = await open("auth", { KINDS_PLUGIN_SIZE: String(largeBytes) });
          const ask = async (bytes: number): Promise<KindsAnswer> =>
            await auth.call({
              do: "CheckUserAndPass",
              username: "large",
              credential: "x",
              ip: "::1",
              protocol: "SSH",
              user: JSON.stringify({ padding: "y".repeat(bytes) }),
            });
          assert.ok(text(await ask(largeBytes)).length > 2 * largeBytes);
          if (plugin === "Go") await rejectsWith(ask(tooLargeBytes), /larger than max|received message larger/i);
        });

        test("a secret is encrypted and decrypted with all that belongs to it [kind:kms]", async () => {
          await using kms = await open("kms");
          const surroundings = { additionalData: "alice", url: "awskms://k?r=1", masterKey: "mäster" };
          const sealed = await kms.call({ do: "Encrypt", payload: "sécret\u0000", ...surroundings });
          assert.deepEqual(sealed, { payload: "sealed:sécret\u0000", key: "alice|awskms://k?r=1|mäster", mode: 1 });
          const { payload, key, mode } = sealed;
          assert.equal(await kms.call({ do: "Decrypt", payload, key, mode, ...surroundings }), "sécret\u0000");
          assert.deepEqual(recorded()[1]?.["asked"], [payload, key, "alice", "1", "awskms://k?r=1", "mäster"]);
          await rejectsWith(kms.call({ do: "Encrypt", payload: "refuse", ...surroundings }), /denied by plugin/);
          await rejectsWith(kms.call({ do: "Decrypt", payload, key: "x", mode, ...surroundings }), /denied by plugin/);
        });

        test("an address is let in or not, and a reload arrives [kind:ipfilter]", async () => {
          await using filter = await open("ipfilter");
          assert.equal(await filter.call({ do: "CheckIP", ip: "2001:db8::1", protocol: "SSH" }), null);
          await rejectsWith(filter.call({ do: "CheckIP", ip: "203.0.113.9", protocol: "HTTP" }), /denied by plugin/);
          assert.equal(await filter.call({ do: "Reload" }), null);
          assert.deepEqual(
            recorded().map(({ call, asked }) => [call, asked]),
            [
              ["CheckIP", ["2001:db8::1", "SSH"]],
              ["CheckIP", ["203.0.113.9", "HTTP"]],
              ["Reload", undefined],
            ],
          );
        });

        test("every field of a search arrives, and its rows come back [kind:eventsearcher]", async () => {
          await using searcher = await open("eventsearcher");
          const answer = await searcher.call({ do: "SearchFsEvents", filter: fullFilter });
          assert.match(text(answer), /^\[\{.*SearchFsEvents/);
          const { username, ip, instanceIds, fromId, limit, order, role } = fullFilter;
          const common = { username, ip, instanceIds, fromId, limit, order, role } as const;
          const times = { startTimestampNs: undefined, endTimestampNs: -1n };
          await searcher.call({
            do: "SearchProviderEvents",
            filter: {
              ...common,
              ...times,
              actions: ["add"],
              objectName: "o",
              objectTypes: ["user"],
              omitObjectData: true,
            },
          });
          await searcher.call({
            do: "SearchLogEvents",
            filter: { ...common, ...times, order: "descending", events: [1, 5], protocols: ["SSH"] },
          });
          const lines = readFileSync(record, "utf8").trim().split("\n");
          assert.match(lines[0] ?? "", /"StartTimestamp":1700000000000000001/);
          assert.match(lines[0] ?? "", /"EndTimestamp":9223372036854775807/);
          const [fs, provider, log] = recorded().map(({ filter }) => filter as Record<string, unknown>);
          assert.deepEqual(
            [fs?.["Order"], fs?.["FsProvider"], fs?.["SSHCmd"], fs?.["Statuses"], fs?.["InstanceIDs"]],
            [1, 5, "md5sum", [1, 3], ["i1", "i2"]],
          );
          assert.deepEqual(
            [provider?.["OmitObjectData"], provider?.["ObjectTypes"], provider?.["EndTimestamp"]],
            [true, ["user"], -1],
          );
          assert.deepEqual([log?.["Order"], log?.["Events"], log?.["StartTimestamp"]], [0, [1, 5], 0]);
          const refused = searcher.call({ do: "SearchFsEvents", filter: { ...fullFilter, username: "denied" } });
          await rejectsWith(refused, /denied by plugin/);
        });

        test("rows of 1.8 MB come back [kind:large]", async () => {
          await using searcher = await open("eventsearcher", { KINDS_PLUGIN_SIZE: String(largeBytes) });
          const answer = await searcher.call({ do: "SearchFsEvents", filter: { ...fullFilter, username: "large" } });
          assert.ok(text(answer).length > largeBytes);
        });

        test("the plugin is gone when its host has ended [kind:end]", async () => {
          const kms = await open("kms");
          assert.ok(isAlive(kms.pid));
          await kms.stop();
          await waitFor("the plugin's end", () => !isAlive(kms.pid));
        });
      });
    }
  }

  // Twenty seconds long: they wait side by side.
  void suite("a call that takes too long", { concurrency: true }, () => {
    for (const [host, plugin] of pairs) {
      test(`${host} host, ${plugin} plugin: a call that takes longer than 20 s fails with DeadlineExceeded [kind:timeout]`, async () => {
        const launch = host === "our" ? launchOurKindsHost : createGoKindsHost(kindsHost);
        await using auth = await launch({
          kind: "auth",
          plugin: plugin === "our" ? ourPlugin : kindsPlugin,
          autoMtls: true,
          env: { PATH: pluginPath, TMPDIR: tmpdir(), KINDS_PLUGIN_SLEEP: "60s" },
        });
        const startMs = performance.now();
        const call = {
          do: "CheckUserAndPass",
          username: "sleep",
          credential: "x",
          ip: "::1",
          protocol: "SSH",
        } as const;
        await assert.rejects(auth.call({ ...call, user: "{}" }), (error) => {
          assert.ok(error instanceof CallFailed);
          assert.equal(error.code, "DeadlineExceeded");
          return true;
        });
        assert.ok(performance.now() - startMs > 19_000);
      });
    }
  });
});

const fullFilter: FsEventsFilter = {
  startTimestampNs: 1_700_000_000_000_000_001n,
  endTimestampNs: 2n ** 63n - 1n,
  username: "u",
  ip: "::1",
  instanceIds: ["i1", "i2"],
  fromId: "x9",
  limit: 1000,
  order: "ascending",
  role: "r",
  actions: ["upload", "download"],
  sshCmd: "md5sum",
  protocols: ["SFTP"],
  statuses: [1, 3],
  fsProvider: 5,
  bucket: "b",
  endpoint: "e",
};

function text(answer: KindsAnswer): string {
  assert.ok(typeof answer === "string");
  return answer;
}

async function rejectsWith(call: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof CallFailed, String(error));
    assert.match(error.message, message);
    return true;
  });
}

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

import { Command } from "commander";

import { FairleadError } from "../domain/fairlead-error.ts";
import { formatJson, isJsonDocument, type JsonDocument, parseJson } from "../domain/json-document.ts";
import type { User } from "../domain/user.ts";
import type { UserAdmin } from "../login/user-admin.ts";
import { openUserAdmin } from "../open-user-admin.ts";
import { type ConfigFlags, loadConfigFromFlags, withConfigOptions } from "./config-options.ts";
import { readPassword } from "./read-password.ts";
import type { Terminal } from "./terminal.ts";

/** `fairlead user …`: works on the database directly, also while the server runs. */
export function userCommand(terminal: Terminal): Command {
  const command = new Command("user").description("manage the users who may log in");
  return command
    .addCommand(addCommand(terminal))
    .addCommand(listCommand(terminal))
    .addCommand(passwdCommand(terminal))
    .addCommand(removeCommand(terminal));
}

interface AddFlags extends ConfigFlags {
  readonly homeDir?: string;
  readonly publicKey: readonly string[];
  readonly passwordFile?: string;
  readonly permissions?: string;
  readonly document?: string;
}

function addCommand(terminal: Terminal): Command {
  const command = new Command("add")
    .description("add a user")
    .argument("<username>", "name used to log in")
    .option("--home-dir <path>", `directory the user sees as "/" (default: <users_base_dir>/<username>)`)
    .option("--public-key <key>", "public key or file with one; may be repeated", collect, [])
    .option("--password-file <file>", "read the password from the first line of a file")
    .option("--permissions <list>", "what is allowed everywhere, separated by commas", "*")
    .option("--document <file>", "SFTPGo user JSON with everything else")
    .addHelpText(
      "after",
      `
The password is asked for, or read from standard input when that is no terminal.
With --public-key or --document no password is asked for; give one with --password-file.

Examples:
  $ fairlead user add alice --home-dir /srv/sftp/alice
  $ fairlead user add bob --home-dir /srv/sftp/bob --public-key ~/.ssh/id_ed25519.pub
  $ pwgen 24 1 | fairlead user add carol --home-dir /srv/sftp/carol --permissions list,download`,
    );
  return withConfigOptions(command).action(async (username: string, flags: AddFlags) => {
    const base = flags.document === undefined ? {} : readDocument(flags.document);
    const needsPassword =
      flags.passwordFile !== undefined || (flags.publicKey.length === 0 && flags.document === undefined);
    const password = needsPassword ? { password: await readPassword(flags.passwordFile, terminal) } : {};
    const document: JsonDocument = {
      status: 1,
      permissions: { "/": (flags.permissions ?? "*").split(",").map((name) => name.trim()) },
      ...base,
      username,
      ...(flags.homeDir === undefined ? {} : { home_dir: resolve(flags.homeDir) }),
      ...(flags.publicKey.length === 0 ? {} : { public_keys: flags.publicKey.flatMap(readPublicKey) }),
      ...password,
    };
    const user = await withUsers(flags, terminal, async (users) => await users.add(document));
    terminal.stdout.write(`user "${user.username}" added, home ${user.homeDir}\n`);
  });
}

function listCommand(terminal: Terminal): Command {
  const command = new Command("list")
    .description("list the users")
    .option("--json", "one SFTPGo user JSON a line, without passwords")
    .addHelpText("after", "\nExample:\n  $ fairlead user list --json | jq .username");
  return withConfigOptions(command).action(async (flags: ConfigFlags & { readonly json?: boolean }) => {
    await withUsers(flags, terminal, async (users) => {
      for await (const user of allUsers(users)) {
        terminal.stdout.write(flags.json === true ? formatUserLine(user) : formatUserRow(user));
      }
    });
  });
}

function passwdCommand(terminal: Terminal): Command {
  const command = new Command("passwd")
    .description("set a user's password")
    .argument("<username>")
    .option("--password-file <file>", "read the password from the first line of a file")
    .addHelpText(
      "after",
      "\nExamples:\n  $ fairlead user passwd alice\n  $ fairlead user passwd alice < new-password.txt",
    );
  return withConfigOptions(command).action(
    async (username: string, flags: ConfigFlags & { readonly passwordFile?: string }) => {
      const password = await readPassword(flags.passwordFile, terminal);
      await withUsers(flags, terminal, async (users) => await users.setPassword(username, password));
      terminal.stdout.write(`password of user "${username}" set\n`);
    },
  );
}

function removeCommand(terminal: Terminal): Command {
  const command = new Command("rm")
    .description("remove a user; the files stay")
    .argument("<username>")
    .addHelpText("after", "\nExample:\n  $ fairlead user rm alice");
  return withConfigOptions(command).action(async (username: string, flags: ConfigFlags) => {
    const isRemoved = await withUsers(flags, terminal, async (users) => await users.remove(username));
    if (!isRemoved) {
      throw new FairleadError("ERR_USER_NOT_FOUND", `there is no user "${username}"`);
    }
    terminal.stdout.write(`user "${username}" removed\n`);
  });
}

async function withUsers<T>(
  flags: ConfigFlags,
  terminal: Terminal,
  work: (users: UserAdmin) => Promise<T>,
): Promise<T> {
  const { store, users } = openUserAdmin(loadConfigFromFlags(flags, terminal.env));
  await using _closing = store;
  return await work(users);
}

async function* allUsers(users: UserAdmin): AsyncGenerator<User> {
  for (let after = ""; ;) {
    const page = await users.list({ after });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) {
      return;
    }
    after = last.username;
  }
}

/** Name, state, ways to log in, home: one line, columns by tabs. Control characters cannot be in names. */
function formatUserRow(user: User): string {
  const ways = [
    ...(user.passwordHash === "" ? [] : ["password"]),
    ...(user.publicKeys.length === 0 ? [] : [`${user.publicKeys.length} key(s)`]),
  ];
  const state = user.status === 1 ? "enabled" : "disabled";
  return `${[user.username, state, ways.join(", ") || "no login", user.homeDir].join("\t")}\n`;
}

function formatUserLine(user: User): string {
  const { password: _hash, ...document } = user.document;
  return `${formatJson(document)}\n`;
}

function readDocument(file: string): JsonDocument {
  try {
    const value = parseJson(readFileSync(file, "utf8"));
    if (isJsonDocument(value)) {
      return value;
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FairleadError("ERR_USAGE", `cannot read the user document ${file}: ${reason}`, { cause });
  }
  throw new FairleadError("ERR_USAGE", `the user document ${file} is not a JSON object`);
}

/** A key as it is, or the keys of a file. */
function readPublicKey(keyOrFile: string): readonly string[] {
  if (/^(?:ssh|ecdsa|sk)-/.test(keyOrFile) || !existsSync(keyOrFile)) {
    return [keyOrFile];
  }
  return readFileSync(keyOrFile, "utf8")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

import { resolve } from "node:path";

import { Command } from "commander";

import { FairleadError } from "../domain/fairlead-error.ts";
import { formatJson, type JsonDocument } from "../domain/json-document.ts";
import type { User } from "../domain/user.ts";
import type { UserAdmin } from "../login/user-admin.ts";
import { hideKeys } from "../secrets/hide-keys.ts";
import { openUserAdmin } from "../open-user-admin.ts";
import { openCommandSecrets } from "./command-secrets.ts";
import { type ConfigFlags, loadConfigFromFlags, withConfigOptions } from "./config-options.ts";
import { readPassword } from "./read-password.ts";
import { readPublicKeys } from "./read-public-keys.ts";
import { readUserDocument, unknownFields } from "./read-user-document.ts";
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
    .option("--permissions <list>", "what is allowed everywhere, separated by commas (default: *, or the document's)")
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
    const document = describeUser(username, flags, terminal);
    const needsPassword =
      flags.passwordFile !== undefined || (flags.publicKey.length === 0 && flags.document === undefined);
    const user = await withUsers(flags, terminal, async (users) => {
      await users.check(document);
      const password = needsPassword ? { password: await readPassword(flags.passwordFile, terminal) } : {};
      return await users.add({ ...document, ...password });
    });
    terminal.stdout.write(`user "${user.username}" added, home ${user.homeDir}\n`);
    if (user.passwordHash === "" && user.publicKeys.length === 0) {
      const advice = `fairlead user passwd ${username} sets one; only a plugin could let the user in without`;
      terminal.stderr.write(`fairlead: warning: no password and no public key, ${advice}\n`);
    }
  });
}

/** The document of the user to add, without a password typed. What is found odd in the file is told. */
function describeUser(username: string, flags: AddFlags, terminal: Terminal): JsonDocument {
  const base = flags.document === undefined ? undefined : readUserDocument(flags.document, username);
  for (const field of unknownFields(base ?? {})) {
    terminal.stderr.write(`fairlead: warning: ${flags.document}: ${field}\n`);
  }
  // A document says itself what is allowed: with a default, a misspelt field would allow everything.
  const permissions = flags.permissions ?? (base === undefined ? "*" : undefined);
  return {
    status: 1,
    ...base,
    username,
    ...(permissions === undefined ? {} : { permissions: { "/": permissions.split(",").map((name) => name.trim()) } }),
    ...(flags.homeDir === undefined ? {} : { home_dir: resolve(flags.homeDir) }),
    ...(flags.publicKey.length === 0 ? {} : { public_keys: flags.publicKey.flatMap(readPublicKeys) }),
  };
}

function listCommand(terminal: Terminal): Command {
  const command = new Command("list")
    .description("list the users")
    .option("--json", "one SFTPGo user JSON a line, without passwords and keys")
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
      await withUsers(flags, terminal, async (users) => {
        // Nobody types a password twice to learn that there is no such user.
        if ((await users.find(username)) === undefined) {
          throw noSuchUser(username);
        }
        await users.setPassword(username, await readPassword(flags.passwordFile, terminal));
      });
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
      throw noSuchUser(username);
    }
    terminal.stdout.write(`user "${username}" removed\n`);
  });
}

async function withUsers<T>(
  flags: ConfigFlags,
  terminal: Terminal,
  work: (users: UserAdmin) => Promise<T>,
): Promise<T> {
  const config = loadConfigFromFlags(flags, terminal.env);
  await using secrets = openCommandSecrets(config);
  const { store, users } = openUserAdmin(config, secrets);
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
  return `${formatJson(hideKeys(document))}\n`;
}

function noSuchUser(username: string): FairleadError {
  return new FairleadError("ERR_USER_NOT_FOUND", `there is no user "${username}"`, { details: { username } });
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

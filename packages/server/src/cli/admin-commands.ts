import { Command } from "commander";

import type { Admin } from "../domain/admin.ts";
import { formatJson } from "../domain/json-document.ts";
import { type AdminAccounts, adminNotFound } from "../login/admin-accounts.ts";
import { openUserAdmin } from "../open-user-admin.ts";
import { type ConfigFlags, loadConfigFromFlags, withConfigOptions } from "./config-options.ts";
import { readPassword } from "./read-password.ts";
import type { Terminal } from "./terminal.ts";

/** `fairlead admin …`: works on the database directly, also while the server runs. */
export function adminCommand(terminal: Terminal): Command {
  return new Command("admin")
    .description("manage who may use the HTTP server")
    .addCommand(addCommand(terminal))
    .addCommand(listCommand(terminal))
    .addCommand(passwdCommand(terminal))
    .addCommand(removeCommand(terminal));
}

interface AddFlags extends ConfigFlags {
  readonly permissions: string;
  readonly role?: string;
  readonly allowFrom?: string;
  readonly passwordFile?: string;
}

function addCommand(terminal: Terminal): Command {
  const command = new Command("add")
    .description("add an administrator")
    .argument("<name>")
    .option("--permissions <list>", "SFTPGo's permissions, separated by commas; * is all, view_events the events", "*")
    .option("--role <role>", "sees what belongs to this role and nothing else")
    .option("--allow-from <list>", "addresses and CIDR ranges, separated by commas; no others are let in")
    .option("--password-file <file>", "read the password from the first line of a file")
    .addHelpText(
      "after",
      `
The password is asked for, or read from standard input when that is no terminal.

Examples:
  $ fairlead admin add root
  $ fairlead admin add auditor --permissions view_events --allow-from 192.0.2.0/24`,
    );
  return withConfigOptions(command).action(async (name: string, flags: AddFlags) => {
    await withAdmins(flags, terminal, async (admins) => {
      const admin = await admins.add({
        username: name,
        status: 1,
        permissions: listOf(flags.permissions),
        ...(flags.role === undefined ? {} : { role: flags.role }),
        ...(flags.allowFrom === undefined ? {} : { filters: { allow_list: listOf(flags.allowFrom) } }),
        password: await readPassword(flags.passwordFile, terminal),
      });
      terminal.stdout.write(`admin "${admin.username}" added, permissions ${admin.permissions.join(", ")}\n`);
    });
  });
}

function listCommand(terminal: Terminal): Command {
  const command = new Command("list")
    .description("list the administrators")
    .option("--json", "one SFTPGo admin JSON a line, without passwords");
  return withConfigOptions(command).action(async (flags: ConfigFlags & { readonly json?: boolean }) => {
    await withAdmins(flags, terminal, async (admins) => {
      for (const admin of await admins.list()) {
        terminal.stdout.write(flags.json === true ? formatLine(admin) : formatRow(admin));
      }
    });
  });
}

function passwdCommand(terminal: Terminal): Command {
  const command = new Command("passwd")
    .description("set an administrator's password")
    .argument("<name>")
    .option("--password-file <file>", "read the password from the first line of a file");
  return withConfigOptions(command).action(
    async (name: string, flags: ConfigFlags & { readonly passwordFile?: string }) => {
      await withAdmins(flags, terminal, async (admins) => {
        // Nobody types a password twice to learn that there is no such administrator.
        if ((await admins.find(name)) === undefined) {
          throw adminNotFound(name);
        }
        await admins.setPassword(name, await readPassword(flags.passwordFile, terminal));
      });
      terminal.stdout.write(`password of admin "${name}" set\n`);
    },
  );
}

function removeCommand(terminal: Terminal): Command {
  const command = new Command("rm").description("remove an administrator").argument("<name>");
  return withConfigOptions(command).action(async (name: string, flags: ConfigFlags) => {
    await withAdmins(flags, terminal, async (admins) => {
      if (!(await admins.remove(name))) {
        throw adminNotFound(name);
      }
    });
    terminal.stdout.write(`admin "${name}" removed\n`);
  });
}

async function withAdmins<T>(
  flags: ConfigFlags,
  terminal: Terminal,
  work: (admins: AdminAccounts) => Promise<T>,
): Promise<T> {
  const { store, admins } = openUserAdmin(loadConfigFromFlags(flags, terminal.env));
  await using _closing = store;
  return await work(admins);
}

function listOf(text: string): readonly string[] {
  return text.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));
}

function formatRow(admin: Admin): string {
  const state = admin.status === 1 ? "enabled" : "disabled";
  return `${[admin.username, state, admin.permissions.join(", "), admin.role || "no role"].join("\t")}\n`;
}

function formatLine(admin: Admin): string {
  const { password: _hash, ...document } = admin.document;
  return `${formatJson(document)}\n`;
}

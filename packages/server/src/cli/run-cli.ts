import { readFileSync } from "node:fs";

import { Command, CommanderError } from "commander";

import { FairleadError } from "../domain/fairlead-error.ts";
import { adminCommand } from "./admin-commands.ts";
import { serveCommand } from "./serve-command.ts";
import type { Terminal } from "./terminal.ts";
import { userCommand } from "./user-commands.ts";

/** 0 done; 1 it failed; 2 it was asked for in a wrong way. */
export type ExitCode = 0 | 1 | 2;

/** Runs one command line (without node and script) to its end. Never rejects. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    await program(terminal).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, terminal);
  }
}

function program(terminal: Terminal): Command {
  const root = new Command("fairlead")
    .description("An SFTP server that executes SFTPGo plugins.")
    .version(readVersion())
    .addHelpText(
      "after",
      `
First steps:
  $ fairlead user add alice --home-dir /srv/sftp/alice
  $ fairlead serve
  $ sftp -P 2022 alice@localhost

Configuration files and SFTPGO_… variables are SFTPGo's. Exit status: 0 done, 1 failed, 2 wrong usage.`,
    )
    .addCommand(serveCommand(terminal))
    .addCommand(userCommand(terminal))
    .addCommand(adminCommand(terminal));
  return silenced(root, terminal);
}

/** Errors are thrown instead of ending the process, in every command below. */
function silenced(command: Command, terminal: Terminal): Command {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => {
      terminal.stdout.write(text);
    },
    writeErr: (text) => {
      terminal.stderr.write(text);
    },
    // Its own message; report() writes it, in one line like every other.
    outputError: () => undefined,
  });
  for (const child of command.commands) {
    silenced(child, terminal);
  }
  return command;
}

function report(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Help and version come this way too, and help that is shown because a command is missing.
    if (error.exitCode !== 0 && error.code !== "commander.help") {
      const message = onOneLine(error.message.replace(/^error: /, "").replace("\n(", " ("));
      terminal.stderr.write(`fairlead: ${message}; --help shows what is possible\n`);
    }
    return error.exitCode === 0 ? 0 : 2;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.stderr.write(`fairlead: ${onOneLine(message)}\n`);
  return FairleadError.is(error, "ERR_USAGE") ? 2 : 1;
}

/** Lines of a message as sentences. */
function onOneLine(message: string): string {
  return message.replaceAll(/([.:;,]?)\s*\n\s*/g, (_, end: string) => (end === "" ? ". " : `${end} `));
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  return manifest.version;
}

#!/usr/bin/env node
import { runCli } from "./cli/run-cli.ts";

const code = await runCli(process.argv.slice(2), process);
// A command may have set another code already, see the uncaughtException handler of `serve`.
process.exitCode = code === 0 ? (process.exitCode ?? 0) : code;

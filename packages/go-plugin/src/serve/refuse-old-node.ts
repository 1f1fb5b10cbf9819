// The first import of the serve entry: a plugin that finds an old Node in PATH would otherwise fail at the first thing
// that Node lacks, with an error that does not say why.
import { describeOldNode } from "./node-version.ts";

const { version, execPath, argv } = process;
const problem = describeOldNode({ version, execPath, plugin: argv[1] === undefined ? "this plugin" : argv[1] });
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

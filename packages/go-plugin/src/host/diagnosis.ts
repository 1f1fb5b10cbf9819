/** What can be learnt from the first bytes of a file about how a system would run it. */
export type ExecutableFormat =
  | { readonly kind: "script"; readonly interpreter: string; readonly argument: string; readonly crlf: boolean }
  | { readonly kind: "elf" | "macho" | "pe"; readonly machine: string }
  | { readonly kind: "empty" }
  | { readonly kind: "unknown" };

const HEADER_BYTES = 4096;

// Not `import`: hosts load this for plugins that may never fail.
const fs = () => process.getBuiltinModule("node:fs/promises");

/**
 * Says why a plugin may not start: missing, a folder, not executable, a script with CRLF line ends or without its
 * interpreter, built for another machine. Empty when nothing stands out. Never throws: it runs when something already
 * went wrong.
 */
export async function diagnoseExecutable(file: string, searchPath: string | undefined): Promise<readonly string[]> {
  try {
    const facts = await fs().stat(file);
    if (!facts.isFile()) return [`${file} is not a file.`];
    const notes: string[] = [];
    if ((facts.mode & 0o111) === 0 && process.platform !== "win32") {
      notes.push(`${file} is not executable (mode ${(facts.mode & 0o7777).toString(8)}): chmod +x it.`);
    }
    return [...notes, ...(await describeFormat(await readHeader(file), searchPath))];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return [code === "ENOENT" ? `${file} does not exist.` : `${file} cannot be read: ${code}.`];
  }
}

/** Recognises scripts, ELF, Mach-O and PE by their first bytes. */
export function detectFormat(header: Uint8Array): ExecutableFormat {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  if (bytes.length === 0) return { kind: "empty" };
  if (bytes.toString("latin1", 0, 2) === "#!") return detectScript(bytes);
  if (bytes.length >= 20 && bytes.readUInt32BE(0) === 0x7f454c46) return { kind: "elf", machine: elfMachine(bytes) };
  if (bytes.length >= 8 && MACHO_MAGICS.has(bytes.readUInt32LE(0))) {
    return { kind: "macho", machine: MACHO_CPUS.get(bytes.readUInt32LE(4)) ?? "unknown" };
  }
  if (bytes.length >= 64 && bytes.toString("latin1", 0, 2) === "MZ") return { kind: "pe", machine: peMachine(bytes) };
  return { kind: "unknown" };
}

async function describeFormat(header: Uint8Array, searchPath: string | undefined): Promise<string[]> {
  const format = detectFormat(header);
  switch (format.kind) {
    case "empty":
      return ["The file is empty."];
    case "script":
      return await describeScript(format, searchPath);
    case "unknown":
      return ["The file is neither a program nor a script that starts with #!."];
    default:
      return describeMachine(format);
  }
}

async function describeScript(
  script: Extract<ExecutableFormat, { kind: "script" }>,
  searchPath: string | undefined,
): Promise<string[]> {
  if (script.crlf) {
    return [`The first line of the script ends in CRLF, so the system looks for "${script.interpreter}\\r": use LF.`];
  }
  const missing = await isMissing(script.interpreter);
  if (missing) return [`The script's interpreter ${script.interpreter} does not exist.`];
  if (script.interpreter.endsWith("/env") && searchPath === undefined) {
    return [
      `The script looks for "${script.argument}" in PATH, and the plugin gets no PATH: pass PATH to it, or write the interpreter's full path into the first line.`,
    ];
  }
  return [];
}

function describeMachine(format: { readonly kind: "elf" | "macho" | "pe"; readonly machine: string }): string[] {
  const names = { elf: "ELF", macho: "MachO", pe: "PE" } as const;
  const native = { linux: "elf", darwin: "macho", win32: "pe" }[process.platform as string] ?? "elf";
  // A universal Mach-O file holds several machines.
  if (format.kind === native && (format.machine === process.arch || format.machine === "universal")) return [];
  return [
    `${names[format.kind]} architecture: ${format.machine} (current architecture: ${process.arch} on ${process.platform}).`,
  ];
}

function detectScript(bytes: Buffer): ExecutableFormat {
  const newline = bytes.indexOf(0x0a);
  const line = bytes.toString("utf8", 2, newline === -1 ? Math.min(bytes.length, 256) : newline);
  const [interpreter = "", ...rest] = line.trim().split(/\s+/);
  return { kind: "script", interpreter, argument: rest.join(" "), crlf: line.endsWith("\r") };
}

async function readHeader(file: string): Promise<Uint8Array> {
  const handle = await fs().open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function isMissing(file: string): Promise<boolean> {
  try {
    await fs().stat(file);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

// Machine numbers of the formats, under Node's names for them (process.arch).
const ELF_MACHINES: ReadonlyMap<number, string> = new Map([
  [3, "ia32"],
  [8, "mips"],
  [20, "ppc"],
  [21, "ppc64"],
  [22, "s390x"],
  [40, "arm"],
  [62, "x64"],
  [183, "arm64"],
  [243, "riscv64"],
  [258, "loong64"],
]);
const MACHO_MAGICS: ReadonlySet<number> = new Set([0xfeedface, 0xfeedfacf, 0xbebafeca]);
const MACHO_CPUS: ReadonlyMap<number, string> = new Map([
  [7, "ia32"],
  [0x01000007, "x64"],
  [0x0100000c, "arm64"],
]);
const PE_MACHINES: ReadonlyMap<number, string> = new Map([
  [0x014c, "ia32"],
  [0x01c0, "arm"],
  [0x6264, "loong64"],
  [0x8664, "x64"],
  [0xaa64, "arm64"],
]);

function elfMachine(bytes: Buffer): string {
  const number = bytes[5] === 2 ? bytes.readUInt16BE(18) : bytes.readUInt16LE(18);
  return ELF_MACHINES.get(number) ?? `unknown (${number})`;
}

function peMachine(bytes: Buffer): string {
  const start = bytes.readUInt32LE(0x3c);
  if (start + 6 > bytes.length) return "unknown";
  const number = bytes.readUInt16LE(start + 4);
  return PE_MACHINES.get(number) ?? `unknown (${number})`;
}

import { OpenSsh } from "./openssh.ts";
import { writeRecordEvents } from "./plugin-executable.ts";
import { RecordedEvents } from "./recorded-events.ts";
import { type Owner, Sandbox } from "./sandbox.ts";
import { TestServer } from "./server.ts";
import { notifierEntry, type Section, writeConfig } from "./server-config.ts";
import { addUser, type TestUser } from "./users.ts";

export interface StoryOptions<Name extends string> {
  readonly users: readonly Name[];
  /** Changes to the entry of the recording plugin: `{ auto_mtls: true }`. `none`: a server without plugins. */
  readonly plugin?: Section | "none";
  /** What the recording plugin is asked to do, `RECORD_EVENTS_…`. */
  readonly pluginEnv?: Readonly<Record<string, string>>;
  readonly sections?: Readonly<Record<string, Section>>;
  /** More plugins beside the recording one, made in the sandbox, and the environment they need. */
  readonly addPlugins?: (sandbox: Sandbox) => Promise<AddedPlugins>;
}

export interface AddedPlugins {
  readonly entries: readonly Section[];
  readonly env: Readonly<Record<string, string>>;
}

/** A running server with its users, and a recording plugin that hears everything. */
export interface Story<Name extends string> {
  readonly sandbox: Sandbox;
  readonly openSsh: OpenSsh;
  readonly server: TestServer;
  readonly events: RecordedEvents;
  readonly users: Readonly<Record<Name, TestUser>>;
}

export async function openStory<const Name extends string>(
  owner: Owner,
  options: StoryOptions<Name>,
): Promise<Story<Name>> {
  const sandbox = await Sandbox.open(owner);
  const openSsh = new OpenSsh(sandbox);
  const { plugin = {}, pluginEnv = {}, sections = {} } = options;
  const added = await options.addPlugins?.(sandbox);
  const recording = plugin === "none" ? [] : [notifierEntry(await writeRecordEvents(sandbox), plugin)];
  const plugins = [...recording, ...(added?.entries ?? [])];
  const events = new RecordedEvents(sandbox.path("events.jsonl"));
  const config = await writeConfig(sandbox, { plugins, sections });
  const users: Partial<Record<Name, TestUser>> = {};
  for (const name of options.users) users[name] = await addUser(sandbox, openSsh, config, name);
  const env = { RECORD_EVENTS_FILE: events.file, ...pluginEnv, ...added?.env };
  const server = await TestServer.start(sandbox, { config, env });
  return { sandbox, openSsh, server, events, users: users as Record<Name, TestUser> };
}

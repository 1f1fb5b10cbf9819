import { createNameRules } from "../domain/name-rules.ts";
import { createPermissions } from "../domain/permissions.ts";
import { FairleadError } from "../domain/fairlead-error.ts";
import type { User } from "../domain/user.ts";
import { normaliseVirtualPath } from "../domain/virtual-path.ts";
import { type EventClock, eventClock } from "../events/event-clock.ts";
import type { EventSink } from "../events/event-sink.ts";
import type { SessionFacts } from "../events/session-facts.ts";
import { Access } from "./access.ts";
import type { FilePolicy, FilesContext } from "./files-context.ts";
import type { Jail } from "./jail/jail.ts";
import { type Gate, OperationGate } from "./operation-gate.ts";
import { openHomeJail } from "./jail/open-jail.ts";
import { hasQuota, Quota, type QuotaLedger } from "./quota.ts";
import { ReportedFileSystem } from "./reported-file-system.ts";
import { SessionEvents, type UserActivity } from "./session-events.ts";
import { requireSupportedUser } from "./supported-user.ts";
import { SessionFileSystem } from "./session-file-system.ts";

export type { EventSink } from "../events/event-sink.ts";
export type { SessionFacts } from "../events/session-facts.ts";
export type { UserActivity } from "./session-events.ts";

export interface UserFileSystemOptions extends Partial<FilePolicy> {
  readonly session: SessionFacts;
  readonly events: EventSink;
  readonly activity: UserActivity;
  /** What users have stored; needed for users with a quota, who are refused without. One for the whole process. */
  readonly quotas?: QuotaLedger;
  /** Plugins that may refuse operations. Default: nobody is asked. */
  readonly gate?: Gate;
  /** How the home is opened. Default {@link openHomeJail}, which takes the strongest jail the system has. */
  readonly openJail?: (user: User) => Promise<Jail>;
  /** Time stamps of events. Default: the process's own clock. */
  readonly clock?: EventClock;
}

/**
 * Opens the files of a user for one session: the home on the local disk, seen through the user's permissions and
 * patterns, with an event for everything SFTPGo tells plugins about. Makes a missing home. Dispose of it when the
 * session has ended. Throws `ERR_INVALID_USER` when the user's document asks for what cannot be kept: no usable home,
 * rules that cannot be understood, or settings that are not implemented.
 */
export async function openUserFileSystem(options: UserFileSystemOptions): Promise<ReportedFileSystem> {
  const { user } = options.session;
  requireSupportedUser(user);
  const access = new Access(createPermissions(user), createNameRules(user.filters.filePatterns));
  const jail = await (options.openJail ?? openHomeJail)(user);
  if (!jail.holdsAgainstRaces)
    options.session.logger.log("warn", "home is guarded by names only", { reason: "no /proc" });
  try {
    return createFileSystem(options, { access, jail, quota: await openQuota(user, options.quotas) });
  } catch (error) {
    jail.close();
    throw error;
  }
}

interface Foundations {
  readonly access: Access;
  readonly quota: Quota | undefined;
  readonly jail: Jail;
}

function createFileSystem(options: UserFileSystemOptions, foundations: Foundations): ReportedFileSystem {
  const { session, events, activity, clock = eventClock } = options;
  const { user } = session;
  const context: FilesContext = {
    ...foundations,
    user,
    gate: new OperationGate(session, options.gate),
    events: new SessionEvents(session, events, activity, clock),
    policy: {
      uploadMode: options.uploadMode ?? 0,
      setstatMode: options.setstatMode ?? 0,
      symlinkMode: options.symlinkMode ?? 0,
      plainRenameOverwrites: options.plainRenameOverwrites ?? true,
    },
    maxUploadBytes: Number(user.filters.maxUploadFileSizeBytes) || Infinity,
    openHandles: new Set(),
  };
  const files = new SessionFileSystem(context, normaliseVirtualPath(user.filters.startDirectory));
  return new ReportedFileSystem(files, context.events);
}

async function openQuota(user: User, quotas: QuotaLedger | undefined): Promise<Quota | undefined> {
  if (!hasQuota(user)) return undefined;
  if (quotas) return new Quota(user, await quotas.open(user));
  throw new FairleadError("ERR_INVALID_USER", `user "${user.username}" has a quota, and nothing here counts quotas`, {
    details: { username: user.username, fields: ["quota_size", "quota_files"] },
  });
}

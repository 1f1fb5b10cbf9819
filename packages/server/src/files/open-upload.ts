import { constants, type Stats } from "node:fs";
import { type OpenFlags, SftpError } from "@fairlead/sftp";
import { Descriptor } from "./descriptor.ts";
import { errnoOf, limitExceeded, noSuchFile } from "./file-errors.ts";
import type { FilesContext } from "./files-context.ts";
import type { Place } from "./jail/jail.ts";
import type { HeldFile } from "./held-file.ts";
import { accessMode, eventOpenFlags } from "./open-flags.ts";
import { giveFile } from "./ownership.ts";
import type { Quota } from "./quota.ts";
import { holdNamed, makingName } from "./quota-names.ts";
import { type OpenedUpload, Upload } from "./upload.ts";
import { createInPlaceDestination, createTemporaryDestination, temporaryName } from "./upload-destination.ts";

const { O_CREAT, O_EXCL, O_TRUNC } = constants;
/** SFTPGo's `open_flags` for every upload by scp, new files included. */
const SCP_OPEN_FLAGS = 512;
/** How often a name that appears between looking and creating is looked at again. */
const ATTEMPTS = 3;

/**
 * Opens a file for writing. Refusals send no event, a plugin's neither; `pre-upload` goes out once nothing but the disk can refuse, so
 * that a missing directory or an EXCL on an existing file leaves it alone, as observed.
 */
export async function openUpload(context: FilesContext, path: string, flags: OpenFlags): Promise<Upload> {
  context.access.require(path, "create", "upload", "overwrite");
  context.events.requireRecordable("pre-upload", "upload", "first-upload");
  const opening = new UploadOpening(context, path, flags);
  for (let attempt = 1; ; attempt++) {
    try {
      return await opening.open();
    } catch (error) {
      if (errnoOf(error) !== "EEXIST" || flags.exclusive || attempt === ATTEMPTS) throw error;
    }
  }
}

/** What is known of an upload before its file is open. */
type Plan = Omit<OpenedUpload, "file" | "held" | "destination">;

class UploadOpening {
  readonly #context: FilesContext;
  readonly #path: string;
  readonly #flags: OpenFlags;
  readonly #startMs = performance.now();

  constructor(context: FilesContext, path: string, flags: OpenFlags) {
    this.#context = context;
    this.#path = path;
    this.#flags = flags;
  }

  async open(): Promise<Upload> {
    const place = await this.#locate();
    let keepsPlace = false;
    try {
      const plan = await this.#plan(place);
      // An atomic upload moves its file at the end, and for that holds the directory.
      keepsPlace =
        this.#context.policy.uploadMode !== 0 && plan.startBytes === 0 && (plan.isNew || this.#flags.truncate);
      const upload = keepsPlace ? await this.#openTemporary(place, plan) : await this.#openInPlace(place, plan);
      return upload;
    } catch (error) {
      keepsPlace = false;
      throw error;
    } finally {
      if (!keepsPlace) place.release();
    }
  }

  async #locate(): Promise<Place> {
    const { access, jail } = this.#context;
    try {
      return await jail.locate(this.#path, { followLast: true });
    } catch (error) {
      const isMissing = errnoOf(error) === "ENOENT";
      if (isMissing && access.permits(this.#path, "upload")) this.#publishPre(undefined);
      throw error;
    }
  }

  /** Nothing but the disk can refuse afterwards, and `pre-upload` is out. */
  async #plan(place: Place): Promise<Plan> {
    const { stats, virtualPath } = place;
    const existing = stats && this.#requireExisting(place, stats);
    if (!existing) this.#requireNew(place);
    const facts = { virtualPath, fileSizeBytes: existing?.size ?? 0 };
    const { gate } = this.#context;
    const asked = gate.ask({ operation: "upload", ...facts, openFlags: this.#openFlags(existing) });
    if (asked) await asked;
    // Some clients open READ|WRITE only to write: without `download` such a handle writes and does not read.
    const mayRead = this.#flags.read && this.#context.access.permitsAt(place, this.#path, "download");
    const reading = mayRead && existing ? gate.permits({ operation: "download", ...facts }) : undefined;
    const canRead = reading ? await reading : mayRead;
    this.#publishPre(existing);
    return existing ? this.#planExisting(place, existing, canRead) : this.#planNew(place, canRead);
  }

  #requireExisting(place: Place, stats: Stats): Stats {
    const { access, quota, maxUploadBytes } = this.#context;
    access.require(this.#path, "create", "overwrite");
    access.requireAt(place, "create", "overwrite");
    if (stats.isDirectory()) throw new SftpError("OP_UNSUPPORTED", "a directory cannot be opened for writing");
    if (!stats.isFile()) throw new SftpError("FAILURE", "not a regular file");
    const startBytes = this.#flags.truncate ? 0 : stats.size;
    if (quota?.isFull === true || (startBytes > 0 && startBytes >= maxUploadBytes)) throw limitExceeded();
    return stats;
  }

  #requireNew(place: Place): void {
    const { access, quota } = this.#context;
    access.require(this.#path, "create", "upload");
    access.requireAt(place, "create", "upload");
    if (quota?.isFull === true || quota?.hasRoomForFile === false) throw limitExceeded();
  }

  #planExisting(place: Place, stats: Stats, canRead: boolean): Plan {
    if (this.#flags.exclusive) throw new SftpError("FAILURE", "file exists");
    return this.#complete(place, { isNew: false, startBytes: this.#flags.truncate ? 0 : stats.size, canRead });
  }

  #planNew(place: Place, canRead: boolean): Plan {
    if (!this.#flags.create) throw noSuchFile();
    if (this.#context.quota?.tryAddFile() === false) throw limitExceeded();
    return this.#complete(place, { isNew: true, startBytes: 0, canRead });
  }

  #complete(place: Place, found: Pick<Plan, "canRead" | "isNew" | "startBytes">): Plan {
    const { write, append } = this.#flags;
    return {
      ...found,
      paths: { named: this.#path, resolved: place.virtualPath },
      canWrite: write || append,
      appends: append,
      startMs: this.#startMs,
    };
  }

  async #openInPlace(place: Place, plan: Plan): Promise<Upload> {
    const { jail, quota } = this.#context;
    const { truncate } = this.#flags;
    // Who has a quota gives bytes back where they are counted, and that is not in open(2).
    const emptiesLater = quota !== undefined && truncate && !plan.isNew;
    // O_EXCL also without the client's: a file that came just now may need another permission.
    const how = plan.isNew ? O_CREAT | O_EXCL : truncate && !emptiesLater ? O_TRUNC : 0;
    const access = accessMode({ ...plan, canWrite: plan.canWrite || emptiesLater });
    const open = () => place.open(access | how);
    const file = await (plan.isNew ? makingName(quota, open) : open());
    try {
      if (plan.isNew) await giveFile(this.#context, this.#path, file);
      const kept = plan.isNew || truncate ? {} : { keepBytes: plan.startBytes };
      const destination = createInPlaceDestination({ jail, quota, path: this.#path, file, ...kept });
      const held = quota && (emptiesLater ? await holdEmptied(quota, file) : await quota.hold(file));
      return new Upload(this.#context, { ...plan, file, held, destination });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async #openTemporary(place: Place, plan: Plan): Promise<Upload> {
    const temporaryPath = place.siblingPath(temporaryName());
    const { access, policy, quota } = this.#context;
    // The hidden name counts as long as there are two.
    if (!plan.isNew) quota?.addFiles(1);
    const file = await makingName(quota, () => Descriptor.open(temporaryPath, accessMode(plan) | O_CREAT | O_EXCL));
    const mayReplace = !this.#flags.exclusive && access.permitsAt(place, this.#path, "overwrite");
    let held: HeldFile | undefined;
    const destination = createTemporaryDestination({
      quota,
      place,
      temporaryPath,
      mayReplace: !plan.isNew || mayReplace,
      keepsPartial: policy.uploadMode === 2,
      fitsInPlaceOf: (taken) => held?.fitsInPlaceOf(taken) ?? true,
    });
    try {
      await giveFile(this.#context, this.#path, file);
      // What replaces a file must not be readable by more people than the file was.
      if (place.stats) await file.chmod(place.stats.mode & 0o777);
      held = quota && (await this.#holdTemporary(quota, file, place, plan));
      return new Upload(this.#context, { ...plan, file, held, destination });
    } catch (error) {
      await file.close();
      await destination.abandon("limit");
      throw error;
    }
  }

  async #holdTemporary(quota: Quota, file: Descriptor, place: Place, plan: Plan): Promise<HeldFile> {
    const replaced = plan.isNew ? undefined : await holdNamed(quota, place.path);
    try {
      const held = await quota.hold(file);
      if (replaced) held.replace(replaced);
      return held;
    } catch (error) {
      await replaced?.release();
      throw error;
    }
  }

  #publishPre(existing: Stats | undefined): void {
    this.#context.events.publish({
      action: "pre-upload",
      virtualPath: this.#path,
      fileSizeBytes: BigInt(existing?.size ?? 0),
      openFlags: this.#openFlags(existing),
    });
  }

  #openFlags(existing: Stats | undefined): number {
    if (this.#context.events.isScp) return SCP_OPEN_FLAGS;
    return existing ? eventOpenFlags(this.#flags) : 0;
  }
}

async function holdEmptied(quota: Quota, file: Descriptor): Promise<HeldFile> {
  const held = await quota.hold(file);
  try {
    await held.truncate(0);
    return held;
  } catch (error) {
    await held.release();
    throw error;
  }
}

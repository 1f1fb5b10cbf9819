import { z } from "zod";
import type { NotifierOptions, PluginConfig } from "./plugin-config.ts";

// SFTPGo reads its file loosely: a missing or null value is the zero value, a number may be written as text, a list as
// text with commas. What is accepted here is that, less what could only be a mistake.

const text = z.preprocess(
  (value) => (typeof value === "number" ? String(value) : (value ?? "")),
  z.string("expected text").refine((value) => !value.includes("\0"), "must not contain a NUL byte"),
);

const booleanTexts: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["t", true],
  ["true", true],
  ["0", false],
  ["f", false],
  ["false", false],
]);

const boolean = z.preprocess((value) => {
  if (value === undefined || value === null || value === "") return false;
  if (typeof value !== "string" && typeof value !== "number") return value;
  return booleanTexts.get(String(value).toLowerCase()) ?? value;
}, z.boolean("expected true or false"));

const integer = z.preprocess((value) => {
  if (value === undefined || value === null || value === "") return 0;
  return typeof value === "string" && /^[+-]?\d+$/.test(value) ? Number(value) : value;
}, z.int32("expected a whole number"));

const list = <Item extends z.ZodType>(item: Item, expected: string) =>
  z.preprocess(
    (value) => {
      if (value === undefined || value === null || value === "") return [];
      if (typeof value === "string") return value.split(",");
      return typeof value === "number" ? [value] : value;
    },
    z.array(item, expected),
  );

const texts = list(text, "expected a list of texts");

const noOptions = (value: unknown): unknown => value ?? {};

const notifierOptions = z.preprocess(
  noOptions,
  z
    .object(
      {
        fs_events: texts,
        provider_events: texts,
        provider_objects: texts,
        log_events: list(integer, "expected a list of whole numbers"),
        retry_max_time: integer,
        retry_queue_max_size: integer,
      },
      "expected an object",
    )
    .transform((options): NotifierOptions => ({
      fsEvents: options.fs_events,
      providerEvents: options.provider_events,
      providerObjects: options.provider_objects,
      logEvents: options.log_events,
      // Negative values are accepted and mean the same as 0.
      retryMaxTimeS: Math.max(0, options.retry_max_time),
      retryQueueMaxSize: Math.max(0, options.retry_queue_max_size),
    })),
);

/** Looks at the type alone: an entry of a type we do not run is not judged further. */
export const typedEntry = z.object({ type: text }, "expected an object");

/** One entry with lower-case keys. */
export const pluginEntry = z
  .object(
    {
      type: z.literal("notifier"),
      cmd: text.refine((cmd) => cmd.trim() !== "", "the command of the plugin is missing"),
      args: texts,
      sha256sum: text.refine(
        (sum) => sum === "" || /^[0-9a-f]{64}$/i.test(sum),
        "expected the 64 hexadecimal digits of a SHA-256 sum",
      ),
      auto_mtls: boolean,
      env_prefix: text,
      env_vars: list(
        text.refine((name) => name !== "" && !name.includes("="), "expected the name of an environment variable"),
        "expected a list of texts",
      ),
      notifier_options: notifierOptions,
    },
    "expected an object",
  )
  .transform((entry): PluginConfig => ({
    type: "notifier",
    cmd: entry.cmd,
    args: entry.args,
    ...(entry.sha256sum !== "" && { sha256sum: entry.sha256sum.toLowerCase() }),
    autoMtls: entry.auto_mtls,
    envPrefix: entry.env_prefix,
    envVars: entry.env_vars,
    notifierOptions: entry.notifier_options,
  }));

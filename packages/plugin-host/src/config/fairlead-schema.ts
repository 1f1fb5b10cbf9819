import { isAbsolute, normalize, resolve } from "node:path";
import { z } from "zod";
import { defaultHealthPolicy } from "../supervisor/health-policy.ts";
import { defaultRestartPolicy } from "../supervisor/restart-policy.ts";
import type { GateOptions, PluginFairleadOptions } from "./fairlead-options.ts";
import { boolean, group, isAbsent, optionalGroup, text } from "./loose-values.ts";

/** What an entry's `fairlead` options fall back to, and start from. */
export interface FairleadDefaults {
  readonly startTimeoutMs: number;
  readonly delivery: PluginFairleadOptions["delivery"];
  /** The folder relative paths start from; without it they are refused. */
  readonly folder: string | undefined;
}

const defaultGateTimeoutMs = 5_000;

const number = (min: number, max: number, fallback: number) =>
  z.preprocess(
    (value) => {
      if (isAbsent(value)) return fallback;
      return typeof value === "string" && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
    },
    z.number(`expected a number from ${min} to ${max}`).check(within(min, max)),
  );

const within = (min: number, max: number) =>
  z.refine<number>((value) => value >= min && value <= max, `expected a number from ${min} to ${max}`);

const whole = (min: number, max: number, fallback: number) =>
  number(min, max, fallback).refine(Number.isInteger, "expected a whole number");

const seconds = (min: number, max: number, fallbackMs: number) =>
  number(min, max, fallbackMs / 1000).transform((value) => Math.round(value * 1000));

const choice = <const Value extends string>(...values: readonly [Value, ...Value[]]) =>
  z.preprocess(
    (value) => (isAbsent(value) ? undefined : value),
    z.enum(values, `expected ${values.map((value) => `"${value}"`).join(" or ")}`).optional(),
  );

const restart = group({
  initial_delay: seconds(0.01, 3_600, defaultRestartPolicy.initialDelayMs),
  max_delay: seconds(0.01, 86_400, defaultRestartPolicy.maxDelayMs),
  factor: number(1, 100, defaultRestartPolicy.factor),
  jitter: number(0, 1, defaultRestartPolicy.jitter),
  stable_after: seconds(0, 86_400, defaultRestartPolicy.stableAfterMs),
  max_failures: whole(0, 1_000_000, 0),
}).refine(({ initial_delay, max_delay }) => max_delay >= initial_delay, {
  path: ["max_delay"],
  error: "must not be shorter than initial_delay",
});

const health = group({
  interval: seconds(0.1, 3_600, defaultHealthPolicy.intervalMs),
  timeout: seconds(0.1, 3_600, defaultHealthPolicy.timeoutMs),
  max_failures: whole(1, 1_000, defaultHealthPolicy.maxFailures),
});

const gate = optionalGroup({
  timeout: seconds(0.01, 600, defaultGateTimeoutMs),
  on_failure: choice("deny", "allow"),
}).transform((options): GateOptions => ({
  timeoutMs: options?.timeout ?? defaultGateTimeoutMs,
  onFailure: options?.on_failure ?? "deny",
  // Only who counts on a gate writes the key.
  expected: options !== undefined,
}));

/** Paths as Node's permission model takes them, where a star would let in more than is written. */
const path = (folder: string | undefined) =>
  text
    .refine((value) => value !== "", "expected a path")
    .refine((value) => !value.includes("*"), 'must not contain "*": name the folder, what is in it is included')
    .refine((value) => !value.startsWith("~"), '"~" has no meaning here: write the whole path')
    .refine((value) => !value.split(/[\\/]/).includes(".."), 'must not contain "..": write where it leads')
    .refine(
      (value) => isAbsolute(value) || folder !== undefined,
      "expected an absolute path, as there is no configuration file it could be relative to",
    )
    .transform((value) => withoutTrailingSlash(folder === undefined ? normalize(value) : resolve(folder, value)));

function withoutTrailingSlash(value: string): string {
  return value.length > 1 && value.endsWith("/") ? value.slice(0, -1) : value;
}

const paths = (item: z.ZodType<string>) =>
  z.preprocess(
    (value) => (isAbsent(value) ? [] : typeof value === "string" ? value.split(",") : value),
    z.array(item, "expected a list of paths"),
  );

const sandbox = (folder: string | undefined) =>
  optionalGroup({
    read: paths(path(folder)),
    write: paths(path(folder).refine((value) => value !== "/", 'must not be "/": that is no sandbox')),
    network: boolean(false),
  });

/** The `fairlead` key of an entry, with lower-case keys. What fits which type is judged elsewhere. */
export const fairleadOptions = ({ startTimeoutMs, delivery, folder }: FairleadDefaults) =>
  group({
    restart,
    health,
    start_timeout: seconds(0.1, 3_600, startTimeoutMs),
    required: boolean(true),
    on_unavailable: choice("deny", "allow"),
    delivery: choice("memory", "journal"),
    gate,
    sandbox: sandbox(folder),
  }).transform((options): PluginFairleadOptions => ({
    restart: {
      initialDelayMs: options.restart.initial_delay,
      maxDelayMs: options.restart.max_delay,
      factor: options.restart.factor,
      jitter: options.restart.jitter,
      stableAfterMs: options.restart.stable_after,
      maxFailures: options.restart.max_failures === 0 ? Number.POSITIVE_INFINITY : options.restart.max_failures,
    },
    health: {
      intervalMs: options.health.interval,
      timeoutMs: options.health.timeout,
      maxFailures: options.health.max_failures,
    },
    startTimeoutMs: options.start_timeout,
    required: options.required,
    onUnavailable: options.on_unavailable,
    delivery: options.delivery ?? delivery,
    gate: options.gate,
    sandbox: options.sandbox,
  }));

import assert from "node:assert/strict";
import { test } from "node:test";
import { defineSettings } from "./define-settings.ts";
import { describeNeeds } from "./settings-needs.ts";

const settings = defineSettings(
  {
    url: { type: "string", required: true, description: "where" },
    token: { type: "string", required: true, secret: true, env: ["TOKEN", "REPORTER_TOKEN"], description: "what for" },
    names: { type: "list", description: "whom" },
    on: { type: "boolean", description: "whether" },
  },
  { envPrefix: "REPORTER", command: "serve" },
);

test("what was given comes again, and what is required and lacking as what it is", () => {
  const { args } = describeNeeds(settings, ["-names", "a", "--names=b,c", "--on"], {});
  assert.deepEqual(args, ["serve", "--names=a", "--names=b,c", "--on=true", "--url=<string>"]);
});

test("what a variable gives needs no argument", () => {
  assert.deepEqual(describeNeeds(settings, ["serve"], { REPORTER_URL: "x" }).args, ["serve"]);
  assert.deepEqual(describeNeeds(settings, ["serve"], { REPORTER_URL: "" }).args, ["serve", "--url=<string>"]);
});

test("secrets are no arguments, given or lacking", () => {
  const needs = describeNeeds(settings, ["--url=x", "--token=hunter2"], {});
  assert.deepEqual(needs.args, ["serve", "--url=x"]);
  assert.doesNotMatch(JSON.stringify(needs), /hunter2/);
});

test("variables beside those of the prefix are named one by one", () => {
  const { envPrefix, variables } = describeNeeds(settings, [], {});
  assert.deepEqual([envPrefix, variables], ["REPORTER_", ["TOKEN"]]);
});

test("arguments that cannot be read give nothing", () => {
  assert.deepEqual(describeNeeds(settings, ["--nope"], { REPORTER_URL: "x" }).args, ["serve"]);
});

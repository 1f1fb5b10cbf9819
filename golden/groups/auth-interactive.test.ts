/** Keyboard-interactive through an auth plugin, scopes, and two auth plugins. */
import type { Behaviour } from "../probe/behaviour.ts";
import { goldenGroup } from "../harness/golden-group.ts";
import { recordingOf, type SituationDetails } from "../harness/situation.ts";
import type { GoldenUser } from "../harness/stage.ts";

const users: readonly GoldenUser[] = [{ username: "full", password: "full-pw" }];

const plugin = (scope: number, cmd = "probe-auth"): Readonly<Record<string, unknown>> => ({
  type: "auth",
  cmd,
  auto_mtls: true,
  auth_options: { scope },
});

const ask = (
  ...fields: readonly (readonly [string, boolean])[]
): Pick<NonNullable<Behaviour["step"]>, "questions" | "echos"> => ({
  questions: fields.map(([question]) => question),
  echos: fields.map(([, echo]) => echo),
});

/** The plugin's steps in order, and what the client answers to each. */
function dialogue(
  steps: readonly (NonNullable<Behaviour["step"]> | Behaviour["error"])[],
  answers: readonly (readonly string[])[] = [],
  user = "full",
  check: readonly Behaviour[] = [],
): SituationDetails {
  return {
    paramiko: { action: "interactive", user, answers, form: "dictionary" },
    behaviours: {
      CheckUserAndKeyboardInteractive: check,
      SendKeyboardAuthRequest: steps.map((step, index) => ({
        when: { step: index + 1 },
        ...(step !== undefined && "code" in step ? { error: step } : { step: step ?? {} }),
      })),
    },
  };
}

const TWO = { instructions: "please answer", ...ask(["Token: ", false], ["Colour? ", true]) };
const PASSWORD = { ...ask(["Password: ", false]), checkPassword: 1 };
const YES = { authResult: 1 };
const NO = { authResult: -1 };
const twoOk = dialogue([TWO, YES], [["tok", "blue"]]);
/** Without the plugin the server itself asks for the password, and gets another. */
const notAsked = dialogue([TWO, YES], [["tok"]]);

const kiu = (more: object): Behaviour => ({
  answer: JSON.stringify({ username: "kiu", status: 1, home_dir: "$HOMES/kiu", permissions: { "/": ["*"] }, ...more }),
});

goldenGroup(
  "auth: keyboard-interactive",
  { users, plugins: [plugin(15)] },
  {
    "A-ki-two-ok": twoOk,
    "A-ki-two-refuse": dialogue([TWO, NO], [["tok", "blue"]]),
    "A-ki-immediate-ok": dialogue([YES]),
    "A-ki-immediate-refuse": dialogue([NO]),
    "A-ki-result2": dialogue([{ authResult: 2 }]),
    "A-ki-three-steps": dialogue(
      [ask(["A? ", true]), ask(["B? ", true]), { instructions: "last", ...ask(["C? ", true], ["D? ", false]) }, YES],
      [["a"], ["b"], ["c", "d"]],
    ),
    "A-ki-instr-only": dialogue([{ instructions: "nothing to ask" }]),
    "A-ki-mismatch": dialogue([{ questions: ["A? ", "B? "], echos: [true] }]),
    "A-ki-check-pw-ok": dialogue([PASSWORD, YES], [["full-pw"]]),
    "A-ki-check-pw-bad": dialogue([PASSWORD, YES], [["nope"]]),
    "A-ki-check-pw-two": dialogue(
      [{ ...ask(["Password: ", false], ["B? ", true]), checkPassword: 1 }, YES],
      [["full-pw", "b"]],
    ),
    "A-ki-step-error": dialogue([ask(["A? ", true]), { code: "UNKNOWN", message: "step failed" }], [["a"]]),
    "A-ki-check-error": dialogue([], [], "full", [{ error: { code: "UNKNOWN", message: "no ki" } }]),
    "A-ki-unknown": dialogue([], [], "ghost"),
    "A-ki-unknown-json": dialogue([TWO, YES], [["tok", "blue"]], "kiu", [kiu({ password: "k-pw" })]),
    "A-ki-known-json-nopw": dialogue([TWO, YES], [["tok", "blue"]], "kiu", [kiu({})]),
    "A-ki-wrong-bit-openssh": dialogue([ask(["Token: ", false]), YES], [["x"]]),
  },
);

// The recording waited for two minutes; here it is a few seconds.
goldenGroup(
  "auth: nobody answers",
  { users, plugins: [plugin(15)], sections: { fairlead: { login_grace_time: 3 } } },
  {
    "A-ki-openssh": { ...dialogue([ask(["Token: ", false]), YES]), commandTimeoutMs: 10_000 },
  },
);

goldenGroup(
  "auth: scope 4",
  { users, plugins: [plugin(4)] },
  {
    "A-scope4-ki": twoOk,
    "A-scope4-pw": {},
    "A-scope4-key": {},
  },
);
goldenGroup("auth: scope 2", { users, plugins: [plugin(2)] }, { "A-scope2-ki": notAsked, "A-scope2-pw": {} });
goldenGroup(
  "auth: scope 1",
  { users, plugins: [plugin(1)] },
  {
    "A-scope1-ki": notAsked,
    "A-scope1-pw": {},
    "A-scope1-key": {},
  },
);
goldenGroup("auth: scope 5", { users, plugins: [plugin(5)] }, { "A-scope5-ki": twoOk, "A-scope5-pw": {} });

goldenGroup(
  "auth: two plugins",
  { users, plugins: [plugin(4), plugin(3, "probe-auth2")] },
  {
    "A-two-plugins-start": {
      act: async () =>
        await Promise.resolve(recordingOf("A-two-plugins-start").commands.map(() => ({ rc: 0, out: "", err: "" }))),
    },
    "A-two-plugins-ki": twoOk,
    "A-two-plugins-pw": {},
    "A-two-plugins-key": {},
  },
);

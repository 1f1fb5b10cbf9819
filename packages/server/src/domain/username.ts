/** Bits of SFTPGo's `data_provider.naming_rules`; its default is 5. */
const ANY_CHARACTERS = 1;
const TO_LOWER_CASE = 2;
const TRIM = 4;

export const DEFAULT_NAMING_RULES = ANY_CHARACTERS | TRIM;

const RESTRICTED = /^[a-zA-Z0-9\-_.~]+$/;
const RESERVED: ReadonlySet<string> = new Set(["__self__", "__system__"]);
const MAX_CHARACTERS = 255;

/** The name a client's name is looked up as. */
export function normaliseUsername(username: string, namingRules: number): string {
  const trimmed = (namingRules & TRIM) === 0 ? username : username.trim();
  return (namingRules & TO_LOWER_CASE) === 0 ? trimmed : trimmed.toLowerCase();
}

/** What is wrong with a name for a new user; `undefined` when nothing is. */
export function usernameProblem(username: string, namingRules: number): string | undefined {
  if (username === "") {
    return "username is mandatory";
  }
  if (RESERVED.has(username)) {
    return `username "${username}" is reserved`;
  }
  if (username.length > MAX_CHARACTERS) {
    return `username is longer than ${MAX_CHARACTERS} characters`;
  }
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(username)) {
    return "username holds control characters";
  }
  if ((namingRules & ANY_CHARACTERS) === 0 && !RESTRICTED.test(username)) {
    return `username "${username}" may only hold a-z, A-Z, 0-9, "-", "_", ".", "~"`;
  }
  return undefined;
}

const MAX_CHARACTERS = 256;
const DEFAULT_TEXT = "permission denied";

/**
 * A plugin's words as they may appear on a user's terminal: one line of at most 256 characters without control
 * characters, and without those that turn the direction of text around.
 */
export function refusalText(message: string): string {
  const characters = Array.from(
    message
      .slice(0, MAX_CHARACTERS * 8)
      .replaceAll(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ")
      .trim(),
  );
  const text =
    characters.length > MAX_CHARACTERS ? `${characters.slice(0, MAX_CHARACTERS - 1).join("")}…` : characters.join("");
  return text === "" ? DEFAULT_TEXT : text;
}

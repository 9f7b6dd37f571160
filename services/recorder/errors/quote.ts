import { maskUrls } from "../../../shared/logging/mask.ts";

/** Makes a text from a camera safe to show to anybody. */
export type Quote = (words: string) => string;

const MAX_QUOTED_CHARACTERS = 200;

/**
 * Makes a text from a camera safe to show: without secrets, control characters and invisible characters, and at most
 * 200 characters long. Every text from a camera goes through it before it becomes part of an error's message.
 * @param mask replaces the secrets in a text
 */
export function quoting(mask: (text: string) => string): Quote {
  return (words) => {
    const visible = words.replace(/[\t\r\n\p{Zl}\p{Zp}]+/gu, " ").replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "");
    // Mask before cutting: half a secret would not be recognised.
    const characters = [...mask(visible)];
    if (characters.length <= MAX_QUOTED_CHARACTERS) return characters.join("");
    return `${characters.slice(0, MAX_QUOTED_CHARACTERS - 1).join("")}…`;
  };
}

/**
 * For callers without a configuration, and so without known secrets: what looks like a secret in a URL is still masked.
 */
export const quoteWithoutSecrets: Quote = quoting(maskUrls);

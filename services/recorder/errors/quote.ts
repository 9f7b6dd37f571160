import { maskUrls } from "../../../shared/logging/mask.ts";

/** A camera's words as they may be shown to anybody. */
export type Quote = (words: string) => string;

const MAX_QUOTED_CHARACTERS = 200;

/**
 * Makes what a camera says fit to be shown: without secrets, control characters and characters that cannot be seen, and no
 * longer than 200 characters. All that a camera says goes through it where it becomes part of an error's message.
 * @param mask takes the secrets out of a text
 */
export function quoting(mask: (text: string) => string): Quote {
  return (words) => {
    const visible = words.replace(/[\t\r\n\p{Zl}\p{Zp}]+/gu, " ").replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "");
    // Before it is cut: half a secret would not be known as one.
    const characters = [...mask(visible)];
    if (characters.length <= MAX_QUOTED_CHARACTERS) return characters.join("");
    return `${characters.slice(0, MAX_QUOTED_CHARACTERS - 1).join("")}…`;
  };
}

/** For whoever knows of no configured secrets: what looks like one in a URL is masked all the same. */
export const quoteWithoutSecrets: Quote = quoting(maskUrls);

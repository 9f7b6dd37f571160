/**
 * A service cannot start because of something that its operator can correct: the message says what and how, and is
 * logged without a stack.
 */
export class StartError extends Error {
  override name = "StartError";
}

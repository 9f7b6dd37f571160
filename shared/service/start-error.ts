/** A service cannot start for something that its operator can mend: the message says what and how, and is told without a stack. */
export class StartError extends Error {
  override name = "StartError";
}

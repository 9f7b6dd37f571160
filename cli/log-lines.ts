import type { Readable } from "node:stream";

/** Calls `line` for each complete line of a stream, without its line break. */
export function eachLine(stream: Readable, line: (text: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const whole of lines) line(whole);
  });
  stream.on("end", () => {
    if (rest !== "") line(rest);
  });
}

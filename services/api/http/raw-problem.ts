import { type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type Problem, problemDetails } from "./problem.ts";

/** Answers a request that has not reached express with a problem, and closes the connection. */
export function answerProblem(response: ServerResponse, problem: Problem, target: string): void {
  const body = Buffer.from(JSON.stringify(problemDetails(problem, target)));
  response.writeHead(problem.status, {
    ...problem.headers,
    "Content-Type": "application/problem+json",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
    Connection: "close",
  });
  response.end(body);
}

/** Answers an upgrade request with a problem, as HTTP, and closes the connection. */
export function refuseUpgrade(socket: Duplex, problem: Problem, target: string): void {
  const body = JSON.stringify(problemDetails(problem, target));
  const headers = Object.entries(problem.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => {});
  // Node's server no longer manages the connection: without this it would stay open until the client closes it.
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: application/problem+json\r\n` +
      `Cache-Control: no-store\r\nConnection: close\r\n${headers.join("")}` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

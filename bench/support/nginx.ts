import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";

/** Starts an nginx with one process that serves a folder's files at a port. Throws when it does not start. */
export async function startNginx(root: string, port: number, sendfile: "on" | "off"): Promise<ChildProcess> {
  const settings = `daemon off; master_process off; pid ${root}/nginx-${port}.pid; error_log stderr;
events { worker_connections 64; }
http { access_log off; sendfile ${sendfile}; tcp_nopush on; server { listen 127.0.0.1:${port}; root ${root}; } }\n`;
  const path = join(root, `nginx-${port}.conf`);
  await writeFile(path, settings);
  const child = spawn("nginx", ["-c", path], { stdio: "inherit" });
  for (let tries = 0; tries < 100; tries++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const req = get(`http://127.0.0.1:${port}/nginx-${port}.conf`, (res) => resolve(res.resume() === res));
      req.on("error", () => resolve(false));
    });
    if (isUp) return child;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error("nginx does not answer: apt-get install nginx-light");
}

import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string) => readFile(`${PROJECT}${name}`, "utf8");

interface ComposeService {
  image: string;
  user?: string;
  cap_drop?: string[];
  security_opt?: string[];
  read_only?: boolean;
  network_mode?: string;
  ports?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  command: string[];
}

const compose = parse(await read("docker-compose.yml"), { merge: true }) as {
  services: Record<string, ComposeService>;
};
const services = Object.entries(compose.services);

describe.each(services)("the container of %s", (_name, service) => {
  test("has no rights of root, cannot get any, and cannot write in its image", () => {
    expect(service).toMatchObject({ cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"], read_only: true });
    expect(service.user).toMatch(/^(\$\{NVR_UID:-1000\}|999):/);
  });

  test("is reached from this machine alone, if at all", () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});

test("Redis has no network: its socket is for the services, and they cannot write beside it", () => {
  const { redis, simulator, ...others } = compose.services;
  expect(redis?.network_mode).toBe("none");
  expect(redis?.command.join(" ")).toMatch(/--port 0 --unixsocket \/data\/redis\.sock --unixsocketperm 770/);
  expect(Object.keys(others)).toEqual(["recorder", "converter", "reaper", "api"]);
  for (const service of Object.values(others)) {
    expect(service.environment?.REDIS_URL).toBe("/run/redis/redis.sock");
    expect(service.volumes).toContain("redis:/run/redis:ro");
  }
  expect(simulator?.volumes).toEqual([]);
});

test("every image that is pulled is of one exact version", async () => {
  const bases = Array.from((await read("Dockerfile")).matchAll(/^FROM (\S+)/gm), ([, image]) => image as string);
  const pulled = services.map(([, { image }]) => image).filter((image) => image !== "hindsight");
  expect(bases).toHaveLength(2);
  expect(pulled).toHaveLength(1);
  for (const image of [...bases, ...pulled]) expect(image).toMatch(/^(node|redis):\d+\.\d+\.\d+-bookworm/);
});

test("installing the packages tells nobody of it", () => {
  const script = `
    const report = require("./node_modules/@scarf/scarf/report.js");
    const parent = { name: "swagger-ui-dist", scarfSettings: { defaultOptIn: true } };
    report.getDependencyInfo = async () => ({ scarf: {}, parent, rootPackage: require("./package.json") });
    report.reportPostInstall().then(() => console.log("told"), (error) => console.log(error.message));`;
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", SCARF_LOCAL_PORT: "9" };
  expect(execFileSync(process.execPath, ["-e", script], { cwd: PROJECT, env, encoding: "utf8" })).toBe(
    "User has opted out\n",
  );
});

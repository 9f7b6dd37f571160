import { expect, test } from "vitest";
import { mountPointOf, parseMounts } from "./mount-points.ts";

test("mount points are read as proc(5) writes them, and the longest counts", () => {
  const mounts = parseMounts(
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n" +
      "36 22 0:31 / /mnt/my\\040nas rw - nfs4 nas:/x rw\n37 36 0:32 / /mnt/my\\040nas/inner rw - tmpfs tmpfs rw\n",
  );
  const points = mounts.map(({ point }) => point);
  expect(points).toEqual(["/", "/mnt/my nas", "/mnt/my nas/inner"]);
  expect(mountPointOf("/mnt/my nas/yard", points)).toBe("/mnt/my nas");
  expect(mountPointOf("/mnt/my nas/inner", points)).toBe("/mnt/my nas/inner");
  expect(mountPointOf("/mnt/my nas2/yard", points)).toBe("/");
});

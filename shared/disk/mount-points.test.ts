import { expect, test } from "vitest";
import { mountOf, parseMounts } from "./mount-points.ts";

test("mount points are read as proc(5) writes them, and the longest counts", () => {
  const mounts = parseMounts(
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n" +
      "36 22 0:31 / /mnt/my\\040nas rw - nfs4 nas:/x rw\n37 36 0:32 / /mnt/my\\040nas/inner rw - tmpfs tmpfs rw\n",
  );
  expect(mounts.map(({ point }) => point)).toEqual(["/", "/mnt/my nas", "/mnt/my nas/inner"]);
  expect(mountOf("/mnt/my nas/yard", mounts)?.point).toBe("/mnt/my nas");
  expect(mountOf("/mnt/my nas/inner", mounts)?.point).toBe("/mnt/my nas/inner");
  expect(mountOf("/mnt/my nas2/yard", mounts)?.point).toBe("/");
  expect(mountOf("/", mounts)?.point).toBe("/");
});

test("of file systems mounted over one another the last counts", () => {
  const mounts = parseMounts(
    "1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /mnt rw - ext4 b rw\n3 2 8:3 / /mnt rw - ext4 c rw\n",
  );
  expect(mountOf("/mnt/yard", mounts)?.identity).toBe("3 8:3");
});

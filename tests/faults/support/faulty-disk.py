"""A disk that fails on command: shows a folder at a mount point (FUSE) and lets operations fail, or hang.

    faulty-disk.py {folder} {mount point} {faults file}

The faults file holds lines such as "write EIO", "fsync EIO", "fsyncdir EINVAL", "flush works", "all hang", of which the first
that fits counts ("fsync" fits files and folders); it is read at every operation. A hanging operation goes on when its line is gone.
"""

import ctypes
import errno
import os
import signal
import sys
import time

from fusepy import FUSE, FuseOSError, Operations

PASSED_ON = ("st_atime", "st_blocks", "st_ctime", "st_gid", "st_mode", "st_mtime", "st_nlink", "st_size", "st_uid")


class FaultyDisk(Operations):
    def __init__(self, folder, faults):
        self.folder = folder
        self.faults = faults

    def __call__(self, operation, path, *args):
        kinds = (operation, "fsync", "all") if operation == "fsyncdir" else (operation, "all")
        while (fault := self.fault(kinds)) == "hang":
            time.sleep(0.05)
        if fault is not None:
            raise FuseOSError(getattr(errno, fault))
        return getattr(self, operation)(self.folder + (path or ""), *args)  # a file that was deleted has none

    def fault(self, kinds):
        with open(self.faults) as file:
            for line in file:
                what, _, fault = line.strip().partition(" ")
                if what in kinds:
                    return None if fault == "works" else fault
        return None

    def getattr(self, path, fh=None):
        status = os.lstat(path)
        return {key: getattr(status, key) for key in PASSED_ON}

    def statfs(self, path):
        status = os.statvfs(path)
        return {key: getattr(status, key) for key in ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_frsize", "f_files")}

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(path)]

    def create(self, path, mode, fi=None):
        return os.open(path, os.O_RDWR | os.O_CREAT, mode)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(path, length)

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def fsyncdir(self, path, datasync, fh):
        return 0

    def release(self, path, fh):
        os.close(fh)

    def mkdir(self, path, mode):
        os.mkdir(path, mode)

    def rmdir(self, path):
        os.rmdir(path)

    def unlink(self, path):
        os.unlink(path)

    def rename(self, path, new):
        os.rename(path, self.folder + new)

    def link(self, path, existing):
        os.link(self.folder + existing, path)

    def utimens(self, path, times=None):
        os.utime(path, times)

    def open(self, path, flags):
        return os.open(path, flags)


if __name__ == "__main__":
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)  # a test run that is killed leaves no disk that hangs
    FUSE(FaultyDisk(sys.argv[1], sys.argv[3]), sys.argv[2], foreground=True, big_writes=True, hard_remove=True)

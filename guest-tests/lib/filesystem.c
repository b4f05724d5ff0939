// SPDX-License-Identifier: GPL-2.0
#include "filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "tool.h"

enum { max_words = 12, tool_limit_ms = 60000, head_bytes = 1 << 20 };

// The device comes last. What the drive held before is overwritten without asking.
struct maker {
  const char* name;
  const char* type;  // its name for mount(2)
  const char* argv[max_words];
  const char* options;  // of the mount
};

// Stands for the size of a base page, in bytes.
static const char one_page[] = "PAGE";

static const struct maker makers[] = {
    // Initializes the inode tables now: otherwise a kernel thread would do it during the test.
    {"ext4",
     "ext4",
     {"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0"},
     NULL},
    // A file's blocks are not all next to each other: with blocks smaller than a page one run of them may end
    // within a page,
    // which is pinned again for the next.
    {"ext2", "ext2", {"mke2fs", "-q", "-F", "-t", "ext2", "-b", one_page}, NULL},
    {"xfs", "xfs", {"mkfs.xfs", "-q", "-f"}, NULL},
    {"btrfs", "btrfs", {"mkfs.btrfs", "-q", "-f", "-s", "4096"}, NULL},
    // With checksums a direct write goes through the page cache (btrfs_direct_write), without it does not. A
    // write makes
    // new extents of whole blocks, hence blocks as for ext2.
    {"btrfs_nodatasum", "btrfs", {"mkfs.btrfs", "-q", "-f", "-s", one_page}, "nodatasum"},
    {"f2fs", "f2fs", {"mkfs.f2fs", "-q", "-f"}, NULL},
    {"vfat", "vfat", {"mkfs.vfat", "-F", "32", "-s", "8"}, NULL},
    {"exfat", "exfat", {"mkfs.exfat"}, NULL},
    {"udf", "udf", {"mkudffs", "--media-type=hd", "--blocksize=512"}, NULL},
    {"ntfs3", "ntfs3", {"mkntfs", "-q", "-Q", "-F"}, NULL},
    {"tmpfs", "tmpfs", {NULL}, "size=128m"},
};

static const struct maker* maker_of(const char* name) {
  for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); ++i)
    if (strcmp(makers[i].name, name) == 0) return &makers[i];
  return NULL;
}

static bool kernel_has(const char* type) {
  FILE* file = fopen("/proc/filesystems", "re");
  char line[80], name[64];
  bool found = false;
  while (file && !found && fgets(line, sizeof(line), file)) {
    const char* at = strncmp(line, "nodev", 5) == 0 ? line + 5 : line;
    found = sscanf(at, " %63s", name) == 1 && strcmp(name, type) == 0;
  }
  if (file) fclose(file);
  return found;
}

// What is left of the file system before: some tools and some kernels look for it.
static bool wipe(const char* device) {
  unsigned char* zeros = calloc(1, head_bytes);
  int fd = open(device, O_RDWR | O_CLOEXEC);
  bool good = zeros && fd >= 0 && pwrite(fd, zeros, head_bytes, 0) == head_bytes && fsync(fd) == 0;
  if (!good) ktap_fail("wiping %s: %s", device, strerror(errno));
  if (fd >= 0) close(fd);
  free(zeros);
  return good;
}

static bool make(const struct maker* maker, const char* device) {
  const char* argv[max_words + 2] = {NULL};
  char page[16];
  int words = 0;
  snprintf(page, sizeof(page), "%zu", page_bytes());
  while (maker->argv[words]) {
    argv[words] = maker->argv[words] == one_page ? page : maker->argv[words];
    ++words;
  }
  argv[words] = device;
  // mkfs.xfs writes by direct I/O, which is none of the test's business but shows in its ledger.
  struct pins before, after;
  bool measured = pins_begin(&before);
  bool good = tool_run(argv, tool_limit_ms);
  after = before;
  if (measured && pins_rest(&after)) pins_claim_exact(after.acquired - before.acquired);
  return good;
}

bool filesystem_mount(struct filesystem* fs, const char* type, const char* device, const char* options) {
  fs->type = type;
  snprintf(fs->target, sizeof(fs->target), "/tmp/pinrig-%s", type);
  if (!kernel_has(type)) return ktap_skip("no %s in this kernel", type);
  mkdir(fs->target, 0700);
  fs->mounted = mount(device, fs->target, type, 0, options) == 0;
  return fs->mounted || ktap_fail("mounting %s: %s", type, strerror(errno));
}

bool filesystem_open(struct filesystem* fs, const char* name) {
  const struct maker* maker = maker_of(name);
  *fs = (struct filesystem){.type = maker ? maker->type : name};
  if (!maker) return ktap_fail("no command known to create %s", name);
  if (!kernel_has(maker->type)) return ktap_skip("no %s in this kernel", maker->type);
  if (maker->argv[0]) {
    if (!device_find(DRIVE_FS, 1, fs->device, sizeof(fs->device)))
      return ktap_skip("the machine has no NVMe drive with serial " DRIVE_FS);
    if (!wipe(fs->device) || !make(maker, fs->device)) return false;
  }
  return filesystem_mount(fs, maker->type, maker->argv[0] ? fs->device : maker->type, maker->options);
}

void filesystem_close(struct filesystem* fs) {
  if (fs->mounted && umount(fs->target) < 0) umount2(fs->target, MNT_DETACH);
  fs->mounted = false;
  rmdir(fs->target);
}

bool filesystem_file(const struct filesystem* fs, const char* file, size_t size, char* path, size_t room) {
  snprintf(path, room, "%s/%s", fs->target, file);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  unsigned char* zeros = calloc(1, head_bytes);
  bool good = fd >= 0 && zeros;
  for (size_t done = 0; good && done < size;) {
    ssize_t wrote = write(fd, zeros, size - done < head_bytes ? size - done : head_bytes);
    good = wrote > 0;
    done += good ? (size_t)wrote : 0;
  }
  good = good && fsync(fd) == 0;
  if (!good) ktap_fail("%s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  free(zeros);
  return good;
}

bool filesystem_drop_cache(int fd) {
  if (fsync(fd) < 0) return ktap_fail("fsync: %s", strerror(errno));
  int error = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  return error == 0 || ktap_fail("POSIX_FADV_DONTNEED: %s", strerror(error));
}

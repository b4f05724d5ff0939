// SPDX-License-Identifier: GPL-2.0
#include "dio_kind.h"

#include <stddef.h>
#include <string.h>

#include "ktap.h"

static const struct dio_kind kinds[] = {
    {"ext4", DIO_IOMAP, HALF_FAULTS, HALF_FAULTS, .before_6_0 = "iomap_in_blocks"},
    {"xfs", DIO_IOMAP, HALF_FAULTS, HALF_FAULTS, .before_6_0 = "iomap_in_blocks"},
    {"iomap_in_blocks", DIO_IOMAP, HALF_FAULTS, HALF_FAULTS, .refuses_words = true},
    {"ext2", DIO_IOMAP, HALF_FAULTS, HALF_FAULTS, .cached_holes = true, .legacy = "ext2_legacy"},
    // A run of blocks that was looked up is written to its end, with zeros where memory is missing
    // (dio_refill_pages).
    {"ext2_legacy", DIO_LEGACY, HALF_SHORT, HALF_FAULTS},
    {"f2fs", DIO_IOMAP, HALF_FAULTS, HALF_FAULTS, .cached_sectors = true, .cached_holes = true,
     .before_6_0 = "f2fs_legacy"},
    {"f2fs_legacy", DIO_LEGACY, HALF_SHORT, HALF_FAULTS, .cached_sectors = true, .cached_holes = true},
    // Buffered: how much is tried at once depends on how much is dirty (nr_dirtied_pause), and the first try
    // decides.
    {"btrfs", DIO_IOMAP, HALF_SHORT, HALF_EITHER, .cached_sectors = true, .cached_words = true,
     .cached_holes = true, .cached_onto_itself = true, .before_6_0 = "btrfs_whole"},
    {"btrfs_nodatasum", DIO_IOMAP, HALF_SHORT, HALF_SHORT, .cached_sectors = true, .cached_words = true,
     .cached_holes = true, .cached_onto_itself = true, .before_6_0 = "btrfs_whole"},
    // Before it went on after a fault (IOMAP_DIO_PARTIAL, 5.16).
    {"btrfs_whole", DIO_IOMAP, HALF_FAULTS, HALF_FAULTS, .cached_sectors = true, .cached_words = true,
     .cached_holes = true},
    {"vfat", DIO_LEGACY, HALF_SHORT, HALF_SHORT, .cached_extending = true},
    // On 7.3 iomap, and so is ntfs3.
    {"exfat", DIO_IOMAP, HALF_FAULTS, HALF_FAULTS, .legacy = "exfat_legacy"},
    {"exfat_legacy", DIO_LEGACY, HALF_SHORT, HALF_SHORT},
    {"udf", DIO_LEGACY, HALF_SHORT, HALF_SHORT},
    // What is not aligned to sectors is buffered (ntfs_should_use_dio()).
    {"ntfs3", DIO_IOMAP, HALF_FAULTS, HALF_FAULTS, .cached_words = true, .legacy = "ntfs3_legacy"},
    {"ntfs3_legacy", DIO_LEGACY, HALF_SHORT, HALF_FAULTS},
    {"fuse", DIO_SERVER, HALF_SHORT, HALF_SHORT},
    {"fuse_async", DIO_SERVER, HALF_SHORT, HALF_SHORT},
    {"9p", DIO_SERVER, HALF_SHORT, HALF_SHORT},
    {"cifs", DIO_SERVER, HALF_SHORT, HALF_SHORT},
    {"nfs", DIO_SERVER, HALF_SHORT, HALF_SHORT},
};

const struct dio_kind* dio_kind_of(const char* name) {
  for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i)
    if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
  ktap_fail("direct I/O of file system %s is not described", name);
  return NULL;
}

// SPDX-License-Identifier: GPL-2.0
#include "ext2.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

// One group in the layout of Documentation/filesystems/ext4: block 0 is free for a boot loader, the
// superblock is block 1.
enum {
  block = 1024,
  blocks = 4096,
  inodes = 64,
  inode_bytes = 128,
  at_super = 1,
  at_group = 2,
  at_block_map = 3,
  at_inode_map = 4,
  at_inodes = 5,
  at_root = at_inodes + inodes * inode_bytes / block,
  used_blocks = at_root,  // 1 .. at_root
  used_inodes = 10,       // reserved, the root directory among them
  root_inode = 2,
};

static void put16(unsigned char* to, unsigned value) {
  to[0] = (unsigned char)value;
  to[1] = (unsigned char)(value >> 8);
}

static void put32(unsigned char* to, uint32_t value) {
  put16(to, value & 0xffff);
  put16(to + 2, value >> 16);
}

static bool write_block(int fd, int number, const unsigned char* bytes) {
  return pwrite(fd, bytes, block, (off_t)number * block) == block;
}

static bool write_super(int fd) {
  unsigned char bytes[block] = {0};
  put32(bytes + 0, inodes);
  put32(bytes + 4, blocks);
  put32(bytes + 12, blocks - 1 - used_blocks);  // free
  put32(bytes + 16, inodes - used_inodes);
  put32(bytes + 20, 1);     // first data block
  put32(bytes + 32, 8192);  // blocks, fragments, inodes of a group
  put32(bytes + 36, 8192);
  put32(bytes + 40, inodes);
  put16(bytes + 54, 0xffff);  // never to be checked after so many mounts
  put16(bytes + 56, 0xef53);
  put16(bytes + 58, 1);  // clean
  put16(bytes + 60, 1);  // on errors: continue
  return write_block(fd, at_super, bytes);
}

static bool write_group(int fd) {
  unsigned char bytes[block] = {0};
  put32(bytes + 0, at_block_map);
  put32(bytes + 4, at_inode_map);
  put32(bytes + 8, at_inodes);
  put16(bytes + 12, blocks - 1 - used_blocks);
  put16(bytes + 14, inodes - used_inodes);
  put16(bytes + 16, 1);  // directories
  return write_block(fd, at_group, bytes);
}

// `used` bits from the start, and those beyond `all`.
static bool write_map(int fd, int number, int used, int all) {
  unsigned char bytes[block] = {0};
  for (int i = 0; i < block * 8; ++i)
    if (i < used || i >= all) bytes[i / 8] |= (unsigned char)(1 << i % 8);
  return write_block(fd, number, bytes);
}

static bool write_root(int fd) {
  unsigned char table[block] = {0}, entries[block] = {0};
  unsigned char* inode = table + (root_inode - 1) * inode_bytes;
  put16(inode + 0, 040755);
  put32(inode + 4, block);  // size
  put16(inode + 26, 2);     // links
  put32(inode + 28, block / 512);
  put32(inode + 40, at_root);  // its block
  put32(entries + 0, root_inode);
  put16(entries + 4, 12);
  put16(entries + 6, 1);
  entries[8] = '.';
  put32(entries + 12, root_inode);
  put16(entries + 16, block - 12);
  put16(entries + 18, 2);
  memcpy(entries + 20, "..", 2);
  return write_block(fd, at_inodes, table) && write_block(fd, at_root, entries);
}

bool ext2_format(int fd) {
  return ftruncate(fd, (off_t)blocks * block) == 0 && write_super(fd) && write_group(fd) &&
         write_map(fd, at_block_map, used_blocks, blocks - 1) &&
         write_map(fd, at_inode_map, used_inodes, inodes) && write_root(fd);
}

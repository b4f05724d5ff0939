// SPDX-License-Identifier: GPL-2.0
#include "ext2.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// One group in the layout of Documentation/filesystems/ext4: the superblock is at byte 1024, and the first
// block of the group is the one that it is in.
enum {
  bytes_all = 4 << 20,
  most_block = 4096,
  at_super = 1024,
  inodes = 64,
  inode_bytes = 128,
  used_inodes = 10,  // reserved, the root directory among them
  root_inode = 2,
};

struct layout {
  int fd;
  unsigned block, first;  // bytes of a block; number of the first one
  unsigned group, block_map, inode_map, table, root;
  unsigned blocks, used;  // of the group
};

static struct layout layout_of(int fd, unsigned block) {
  struct layout l = {.fd = fd, .block = block, .first = at_super / block};
  l.group = l.first + 1;
  l.block_map = l.group + 1;
  l.inode_map = l.block_map + 1;
  l.table = l.inode_map + 1;
  l.root = l.table + (inodes * inode_bytes + block - 1) / block;
  l.blocks = bytes_all / block - l.first;
  l.used = l.root + 1 - l.first;
  return l;
}

static void put16(unsigned char* to, unsigned value) {
  to[0] = (unsigned char)value;
  to[1] = (unsigned char)(value >> 8);
}

static void put32(unsigned char* to, uint32_t value) {
  put16(to, value & 0xffff);
  put16(to + 2, value >> 16);
}

static bool write_block(const struct layout* l, unsigned number, const unsigned char* bytes) {
  return pwrite(l->fd, bytes, l->block, (off_t)number * l->block) == (ssize_t)l->block;
}

static bool write_super(const struct layout* l) {
  unsigned char bytes[1024] = {0};
  put32(bytes + 0, inodes);
  put32(bytes + 4, l->blocks + l->first);
  put32(bytes + 12, l->blocks - l->used);  // free
  put32(bytes + 16, inodes - used_inodes);
  put32(bytes + 20, l->first);
  put32(bytes + 24, (uint32_t)__builtin_ctz(l->block / 1024));
  put32(bytes + 28, (uint32_t)__builtin_ctz(l->block / 1024));  // of fragments
  put32(bytes + 32, 8 * l->block);                              // blocks, fragments, inodes of a group
  put32(bytes + 36, 8 * l->block);
  put32(bytes + 40, inodes);
  put16(bytes + 54, 0xffff);  // never to be checked after so many mounts
  put16(bytes + 56, 0xef53);
  put16(bytes + 58, 1);  // clean
  put16(bytes + 60, 1);  // on errors: continue
  return pwrite(l->fd, bytes, sizeof(bytes), at_super) == (ssize_t)sizeof(bytes);
}

static bool write_group(const struct layout* l) {
  unsigned char bytes[most_block] = {0};
  put32(bytes + 0, l->block_map);
  put32(bytes + 4, l->inode_map);
  put32(bytes + 8, l->table);
  put16(bytes + 12, l->blocks - l->used);
  put16(bytes + 14, inodes - used_inodes);
  put16(bytes + 16, 1);  // directories
  return write_block(l, l->group, bytes);
}

// `used` bits from the start, and those beyond `all`.
static bool write_map(const struct layout* l, unsigned number, unsigned used, unsigned all) {
  unsigned char bytes[most_block] = {0};
  for (unsigned i = 0; i < l->block * 8; ++i)
    if (i < used || i >= all) bytes[i / 8] |= (unsigned char)(1 << i % 8);
  return write_block(l, number, bytes);
}

static bool write_root(const struct layout* l) {
  unsigned char table[most_block] = {0}, entries[most_block] = {0};
  unsigned char* inode = table + (root_inode - 1) * inode_bytes;
  put16(inode + 0, 040755);
  put32(inode + 4, l->block);  // size
  put16(inode + 26, 2);        // links
  put32(inode + 28, l->block / 512);
  put32(inode + 40, l->root);  // its block
  put32(entries + 0, root_inode);
  put16(entries + 4, 12);
  put16(entries + 6, 1);
  entries[8] = '.';
  put32(entries + 12, root_inode);
  put16(entries + 16, l->block - 12);
  put16(entries + 18, 2);
  memcpy(entries + 20, "..", 2);
  return write_block(l, l->table, table) && write_block(l, l->root, entries);
}

bool ext2_format_blocks(int fd, unsigned block) {
  const struct layout l = layout_of(fd, block);
  struct stat file;
  const bool sized = fstat(fd, &file) == 0 && (S_ISBLK(file.st_mode) || ftruncate(fd, bytes_all) == 0);
  return sized && write_super(&l) && write_group(&l) && write_map(&l, l.block_map, l.used, l.blocks) &&
         write_map(&l, l.inode_map, used_inodes, inodes) && write_root(&l);
}

bool ext2_format(int fd) { return ext2_format_blocks(fd, 1024); }

// SPDX-License-Identifier: GPL-2.0
#include "dio_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ktap.h"
#include "pins.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

enum { sector = 512, word = 4 };  // bytes

// What the kind says that `alignment` does, by what whole pages do.
static bool judge_kind(const struct dio_kind* kind, const struct dio_way* ways,
                       enum dio_alignment alignment) {
  const struct dio_way* way = &ways[alignment];
  bool cached = (alignment == ALIGNED_SECTOR && kind->cached_sectors) ||
                (alignment == ALIGNED_WORD && kind->cached_words);
  bool refused = alignment == ALIGNED_WORD && (kind->path == DIO_LEGACY || kind->refuses_words);
  int error = refused ? EINVAL : 0;
  bool pins = !cached && !error && ways[ALIGNED_PAGE].pins;
  if (way->error != error)
    return ktap_fail("%s: alignment %d gives %s", kind->name, alignment, strerror(way->error));
  return way->pins == pins ||
         ktap_fail("%s: alignment %d %s", kind->name, alignment, pins ? "does not pin" : "pins");
}

// `pages` were touched, which are as many sections of legacy direct I/O: of each, folio_add_pin() leaves two
// pins uncounted that are released. Any other difference is a fault of the kernel, which the cases after
// this one then show for what they do.
static void judge_counts(struct dio_way* way, const struct pins* before, const struct pins* after,
                         long long pages) {
  long long acquired = after->acquired - before->acquired,
            over = after->released - before->released - acquired;
  way->pins = acquired > 0 && way->error == 0;
  way->skew = over == 2 * pages ? 2 : 0;
  pins_claim_exact(acquired);
  if (way->skew) pins_claim_skew(pages);
  if (acquired != 0 && acquired != pages) ktap_fail("of %lld pages, %lld were pinned", pages, acquired);
  if (over != 0 && way->skew == 0)
    ktap_fail("a probe of %lld pages: %lld pinned, %lld unpinned", pages, acquired, acquired + over);
}

static bool probe(struct dio_way* way, int fd, unsigned char* addr, size_t length, bool write) {
  struct pins before, after;
  if (!pins_begin(&before)) return false;
  after = before;
  ssize_t done = write ? pwrite(fd, addr, length, 0) : pread(fd, addr, length, 0);
  *way = (struct dio_way){.error = done < 0 ? errno : 0};
  if (done >= 0 && done != (ssize_t)length) return ktap_fail("%zd of %zu bytes in a probe", done, length);
  if (!pins_rest(&after)) return false;
  judge_counts(way, &before, &after, (long long)pages_spanned(addr, length));
  return true;
}

// Pages that are not pinned are taken by plain references, or not at all.
static bool probe_cache(struct dio_way* way, int fd, unsigned char* addr, bool write) {
  struct cache_watch watch;
  const int times = write ? cache_watch_writes : 1;
  if (way->pins || way->error) return true;
  if (!cache_watch_begin(&watch, fd, write, times)) return false;
  for (int i = 0; i < times; ++i) {
    ssize_t done = write ? pwrite(fd, addr, page_bytes(), 0) : pread(fd, addr, page_bytes(), 0);
    if (done != (ssize_t)page_bytes())
      return ktap_fail("%zd of a page in a probe: %s", done, strerror(errno));
  }
  way->cached = cache_watch_hit(&watch);
  return true;
}

// A page of memfd_secret(), which get_user_pages() refuses, or MAP_FAILED; `known`: this kernel has them.
static void* secret_page(bool* known) {
  const int secret = (int)syscall(SYS_memfd_secret, 0);
  *known = secret >= 0;
  if (secret < 0) return MAP_FAILED;
  void* page = MAP_FAILED;
  if (ftruncate(secret, (off_t)page_bytes()) == 0)
    page = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, secret, 0);
  if (page == MAP_FAILED) ktap_fail("a page of memfd_secret(): %s", strerror(errno));
  close(secret);
  if (page != MAP_FAILED) memset(page, 0, page_bytes());
  return page;
}

// Since 7.0 btrfs copies what it computes checksums of into memory of its own (bio_iov_iter_bounce_write()).
// That takes no pages at all: memory that cannot be taken is no obstacle. Without it, btrfs makes such a
// write through the page cache (fs/btrfs, btrfs_direct_write(), after two attempts without progress).
static bool probe_copied(struct dio_way* way, int fd, bool write) {
  bool known;
  if (!write || way->pins || way->error || way->cached) return true;
  void* page = secret_page(&known);
  if (page == MAP_FAILED) return !known;
  struct cache_watch watch;
  ssize_t done = (ssize_t)page_bytes();
  bool good = cache_watch_begin(&watch, fd, write, cache_watch_writes);
  for (int i = 0; good && i < cache_watch_writes && done == (ssize_t)page_bytes(); ++i)
    done = pwrite(fd, page, page_bytes(), 0);
  const int error = done < 0 ? errno : 0;
  munmap(page, page_bytes());
  way->copied = good && done == (ssize_t)page_bytes() && !cache_watch_hit(&watch);
  if (good && done != (ssize_t)page_bytes() && error != EFAULT)
    good = ktap_fail("a direct write from memory that cannot be taken gave %zd: %s", done, strerror(error));
  return good;
}

static bool probe_direction(struct dio_file* file, int fd, unsigned char* memory, bool write) {
  struct dio_way* ways = write ? file->write : file->read;
  if (!probe(&ways[ALIGNED_PAGE], fd, memory, page_bytes(), write) ||
      !probe(&ways[ALIGNED_SECTOR], fd, memory + sector, sector, write) ||
      !probe(&ways[ALIGNED_WORD], fd, memory + word, page_bytes(), write) ||
      !probe_cache(&ways[ALIGNED_PAGE], fd, memory, write) || !probe_copied(&ways[ALIGNED_PAGE], fd, write))
    return false;
  // Since 6.0 fs/direct-io.c alone asks that memory be aligned to blocks.
  if (file->kind->legacy && ways[ALIGNED_WORD].error == EINVAL) file->kind = dio_kind_of(file->kind->legacy);
  for (int i = 0; i < DIO_ALIGNMENTS; ++i) judge_kind(file->kind, ways, (enum dio_alignment)i);
  return true;
}

static const char* word_of(const struct dio_way* way) {
  return way->error ? "refused" : way->pins ? "pin" : way->cached ? "cached" : way->copied ? "copied" : "get";
}

static void report(struct dio_file* file, const char* name) {
  char full[64];
  static const char* const names[] = {"page", "sector", "4 bytes"};
  for (int i = 0; i < DIO_ALIGNMENTS; ++i)
    ktap_note("aligned to a %s: read %s skew %lld, write %s skew %lld", names[i], word_of(&file->read[i]),
              file->read[i].skew, word_of(&file->write[i]), file->write[i].skew);
  for (int write = 0; write < 2; ++write) {
    struct dio_way* way = write ? &file->write[ALIGNED_PAGE] : &file->read[ALIGNED_PAGE];
    snprintf(full, sizeof(full), "dio.%s%s", name, write ? ".write" : "");
    caps_print(full, word_of(way));
    const char* stated = caps_stated(full);
    if (stated) way->pins = strcmp(stated, "pin") == 0;
  }
}

// Before 6.0: the attribute came with the change (transfer.c).
static bool memory_in_blocks(void) {
  char path[300];
  bool old = false;
  DIR* disks = opendir("/sys/block");
  for (struct dirent* entry; disks && !old && (entry = readdir(disks));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof(path), "/sys/block/%s/queue/dma_alignment", entry->d_name);
    old = access(path, F_OK) < 0;
  }
  if (disks) closedir(disks);
  return old;
}

static const struct dio_kind* kind_here(const char* name) {
  const struct dio_kind* kind = dio_kind_of(name);
  return kind && kind->before_6_0 && memory_in_blocks() ? dio_kind_of(kind->before_6_0) : kind;
}

bool dio_file_probe(struct dio_file* file, const char* name, const char* path) {
  struct buffer buffer;
  file->kind = kind_here(name);
  if (!file->kind) return false;
  int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
  if (fd < 0) return ktap_fail("O_DIRECT open of %s: %s", path, strerror(errno));
  bool good = buffer_get(&buffer, BUFFER_PAGES, 2 * page_bytes());
  if (good) {
    good = probe_direction(file, fd, buffer.addr, false) && probe_direction(file, fd, buffer.addr, true);
    buffer_put(&buffer);
  }
  close(fd);
  if (good) report(file, name);
  return good;
}

static enum dio_alignment alignment_of(const struct iovec* vec, int count) {
  uintptr_t bits = 0;
  for (int i = 0; i < count; ++i) bits |= (uintptr_t)vec[i].iov_base | vec[i].iov_len;
  if (bits % page_bytes() == 0) return ALIGNED_PAGE;
  return bits % sector == 0 ? ALIGNED_SECTOR : ALIGNED_WORD;
}

// Pieces that fs/direct-io.c submits: what touches the piece before it within one page is merged with it.
static long long sections_of(const struct iovec* vec, int count) {
  long long sections = 0;
  const unsigned char* end = NULL;
  for (int i = 0; i < count; ++i) {
    const unsigned char* start = vec[i].iov_base;
    sections += (long long)pages_spanned(start, vec[i].iov_len);
    if (start == end && (uintptr_t)start % page_bytes() != 0) --sections;
    end = start + vec[i].iov_len;
  }
  return sections;
}

void dio_file_counts(const struct dio_file* file, const struct iovec* vec, int count, bool write,
                     struct transfer_counts* counts) {
  const struct dio_way* way = &(write ? file->write : file->read)[alignment_of(vec, count)];
  *counts = (struct transfer_counts){.error = way->error};
  if (!way->pins) return;
  for (int i = 0; i < count; ++i)
    counts->acquired += (long long)pages_spanned(vec[i].iov_base, vec[i].iov_len);
  counts->sections = way->skew ? sections_of(vec, count) : 0;
  counts->released = counts->acquired + way->skew * counts->sections;
}

bool dio_file_expect(const struct dio_file* file, struct pins* before, bool write,
                     enum dio_alignment alignment, int pages, int sections) {
  const struct dio_way* way = &(write ? file->write : file->read)[alignment];
  long long acquired = way->pins ? pages : 0, over = way->pins ? way->skew * sections : 0;
  if (over) pins_claim_skew(sections);
  return pins_expect(before, acquired, acquired + over);
}

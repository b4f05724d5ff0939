// SPDX-License-Identifier: GPL-2.0
// Pipes that hold user pages: vmsplice(), splice() and tee() take plain references, which no counter shows.
// That a page is held is checked with a memfd that cannot be sealed against writing while the pipe has it,
// and can afterwards.
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "drive.h"
#include "ktap.h"
#include "loopback.h"
#include "pins.h"

enum { pages = 8, seed = 42 };

struct pipes {
  int first[2], second[2];
};

static bool pipes_open(struct pipes* p) {
  if (pipe2(p->first, O_CLOEXEC | O_NONBLOCK) == 0 && pipe2(p->second, O_CLOEXEC | O_NONBLOCK) == 0)
    return true;
  return ktap_fail("pipe2: %s", strerror(errno));
}

static void pipe_close(int* ends) {
  for (int i = 0; i < 2; ++i) {
    if (ends[i] >= 0) close(ends[i]);
    ends[i] = -1;
  }
}

// F_SEAL_WRITE is refused while a page is held. Unmap first, or it is refused because of the mapping.
static void expect_held(const struct buffer* buffer, const char* when) {
  if (fcntl(buffer->fd, F_ADD_SEALS, F_SEAL_WRITE) == 0)
    ktap_fail("%s: the pages are not held", when);
  else if (errno != EBUSY)
    ktap_fail("%s: F_SEAL_WRITE: %s", when, strerror(errno));
}

static void unmap(struct buffer* buffer) {
  munmap(buffer->map, buffer->map_size);
  buffer->map = MAP_FAILED;
}

static bool fill_pipe(int pipe, const struct buffer* buffer, unsigned flags) {
  struct iovec vec = {buffer->addr, buffer->size};
  pattern_fill(buffer->addr, buffer->size, seed, 0);
  ssize_t done = vmsplice(pipe, &vec, 1, flags);
  return done == (ssize_t)buffer->size ||
         ktap_fail("vmsplice accepted %zd of %zu bytes: %s", done, buffer->size, strerror(errno));
}

// Reads the pipe out and compares.
static void drain(int pipe) {
  unsigned char bytes[4096];
  size_t position = 0;
  ssize_t got;
  while ((got = read(pipe, bytes, sizeof(bytes))) > 0) {
    if (pattern_check(bytes, (size_t)got, seed, position) >= 0)
      ktap_fail("wrong data after byte %zu of the pipe", position);
    position += (size_t)got;
  }
  if (position != pages * page_bytes()) ktap_fail("%zu bytes were in the pipe", position);
}

enum way { READ_OUT, CLOSE, TEE, SPLICE_ON, TO_FILE, GIFT };

static void after(enum way way, struct pipes* p, struct buffer* buffer) {
  size_t all = buffer->size;
  switch (way) {
    case READ_OUT:
    case GIFT:
      drain(p->first[0]);
      break;
    case CLOSE:
      pipe_close(p->first);
      break;
    case TEE:
      if (tee(p->first[0], p->second[1], all, 0) != (ssize_t)all) ktap_fail("tee: %s", strerror(errno));
      drain(p->first[0]);
      expect_held(buffer, "only the second pipe is left");
      drain(p->second[0]);
      break;
    case SPLICE_ON:
      if (splice(p->first[0], NULL, p->second[1], NULL, all, SPLICE_F_MOVE) != (ssize_t)all)
        ktap_fail("splice: %s", strerror(errno));
      pipe_close(p->first);
      expect_held(buffer, "moved to the second pipe");
      drain(p->second[0]);
      break;
    case TO_FILE: {
      int file = memfd_create("spliced", MFD_CLOEXEC);
      unsigned char byte = 0;
      ssize_t done = 0, step;
      while ((step = splice(p->first[0], NULL, file, NULL, all, 0)) > 0) done += step;
      if (done != (ssize_t)all) ktap_fail("splice to a file accepted %zd bytes: %s", done, strerror(errno));
      for (size_t i = 0; i < all; i += 97)
        if (pread(file, &byte, 1, (off_t)i) != 1 || byte != pattern_byte(seed, i))
          ktap_fail("wrong data in the file at %zu", i);
      close(file);
      break;
    }
  }
}

static void held_until(const void* arg) {
  enum way way = *(const enum way*)arg;
  struct buffer buffer;
  struct pipes p = {{-1, -1}, {-1, -1}};
  struct pins before;
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes())) return;
  if (pipes_open(&p) && pins_begin(&before)) {
    if (fill_pipe(p.first[1], &buffer, way == GIFT ? SPLICE_F_GIFT : 0)) {
      unmap(&buffer);
      expect_held(&buffer, "in the pipe");
      after(way, &p, &buffer);
    }
    pins_expect(&before, 0, 0);
  }
  pipe_close(p.first);
  pipe_close(p.second);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

// A file's own pages in a pipe: splice() from the memfd, without any user mapping.
static void file_pages_in_pipe(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pipes p = {{-1, -1}, {-1, -1}};
  struct pins before;
  loff_t from = 0;
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes())) return;
  pattern_fill(buffer.addr, buffer.size, seed, 0);
  unmap(&buffer);
  if (pipes_open(&p) && pins_begin(&before)) {
    ssize_t done = splice(buffer.fd, &from, p.first[1], NULL, buffer.size, 0);
    if (done != (ssize_t)buffer.size) ktap_fail("splice accepted %zd bytes: %s", done, strerror(errno));
    expect_held(&buffer, "in the pipe");
    drain(p.first[0]);
    pins_expect(&before, 0, 0);
  }
  pipe_close(p.first);
  pipe_close(p.second);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

// From the pipe to a drive by direct I/O: the iterator has pages already (ITER_BVEC), so that nothing is
// pinned.
static void to_direct_io(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pipes p = {{-1, -1}, {-1, -1}};
  struct pins before;
  loff_t at = drive_raw.offset;
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes())) return;
  int fd = drive_raw.open(O_RDWR | O_DIRECT);
  if (fd >= 0 && pipes_open(&p) && pins_begin(&before)) {
    if (fill_pipe(p.first[1], &buffer, 0)) {
      ssize_t done = splice(p.first[0], NULL, fd, &at, buffer.size, 0);
      if (done != (ssize_t)buffer.size)
        ktap_fail("splice to the drive accepted %zd bytes: %s", done, strerror(errno));
    }
    pins_expect(&before, 0, 0);
    transfer_compare(&drive_raw, buffer.size, seed);
  }
  if (fd >= 0) close(fd);
  pipe_close(p.first);
  pipe_close(p.second);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

// The other way, into memory: vmsplice() on the end of a pipe that is read copies. Pieces with odd ends.
static void out_of_the_pipe(const void* arg) {
  (void)arg;
  struct buffer from, to;
  struct pipes p = {{-1, -1}, {-1, -1}};
  struct pins before;
  const size_t odd = page_bytes() + 13;
  if (!buffer_get(&from, BUFFER_MEMFD, pages * page_bytes())) return;
  if (buffer_get(&to, BUFFER_PAGES, from.size) && pipes_open(&p) && pins_begin(&before) &&
      fill_pipe(p.first[1], &from, 0)) {
    const struct iovec vec[] = {{to.addr, odd}, {to.addr + odd, to.size - odd}};
    const ssize_t done = vmsplice(p.first[0], vec, 2, 0);
    if (done != (ssize_t)to.size) ktap_fail("vmsplice gave %zd bytes: %s", done, strerror(errno));
    if (pattern_check(to.addr, to.size, seed, 0) >= 0) ktap_fail("wrong data came out of the pipe");
    pins_expect(&before, 0, 0);
  }
  buffer_put(&to);
  pipe_close(p.first);
  pipe_close(p.second);
  buffer_seal(&from);
  buffer_put(&from);
}

static bool datagram_pair(int* ends) {
  return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0 ||
         ktap_fail("socketpair: %s", strerror(errno));
}

// From the pipe to a socket, whose packets hold the pages until they have arrived and were read, or, `arg`
// not NULL, one that copies them.
static void to_socket(const void* arg) {
  struct buffer buffer;
  struct pipes p = {{-1, -1}, {-1, -1}};
  struct pins before;
  int ends[2] = {-1, -1};
  static unsigned char bytes[pages << 16];
  if (!buffer_get(&buffer, BUFFER_MEMFD, pages * page_bytes())) return;
  if ((arg ? datagram_pair(ends) : loopback_pair(SOCK_STREAM, ends)) && pipes_open(&p) &&
      pins_begin(&before) && fill_pipe(p.first[1], &buffer, 0)) {
    size_t sent = 0, got = 0;
    ssize_t step;
    while (sent < buffer.size && (step = splice(p.first[0], NULL, ends[0], NULL, buffer.size - sent, 0)) > 0)
      sent += (size_t)step;
    if (sent != buffer.size) ktap_fail("splice to a socket accepted %zu bytes: %s", sent, strerror(errno));
    while (got < sent && (step = read(ends[1], bytes + got, sizeof(bytes) - got)) > 0) got += (size_t)step;
    if (got != sent) ktap_fail("%zu of %zu bytes arrived: %s", got, sent, strerror(errno));
    if (pattern_check(bytes, got, seed, 0) >= 0) ktap_fail("wrong data arrived");
    pins_expect(&before, 0, 0);
  }
  pipe_close(ends);
  pipe_close(p.first);
  pipe_close(p.second);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const enum way ways[] = {READ_OUT, CLOSE, TEE, SPLICE_ON, TO_FILE, GIFT};
  static const struct ktap_case cases[] = {
      {"vmsplice_read_out", held_until, &ways[0]},
      {"vmsplice_pipe_closed", held_until, &ways[1]},
      {"tee", held_until, &ways[2]},
      {"splice_to_pipe", held_until, &ways[3]},
      {"splice_to_file", held_until, &ways[4]},
      {"vmsplice_gift", held_until, &ways[5]},
      {"splice_from_file", file_pages_in_pipe, NULL},
      {"splice_to_direct_io", to_direct_io, NULL},
      {"vmsplice_out_of_pipe", out_of_the_pipe, NULL},
      {"splice_to_socket", to_socket, NULL},
      {"splice_to_datagrams", to_socket, "datagrams"},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}

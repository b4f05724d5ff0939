// SPDX-License-Identifier: GPL-2.0
#include "ublk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/ublk_cmd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"
#include "proc.h"

// Since 6.5; headers older than that lack it.
#define USER_COPY (1ULL << 7)
#define USER_COPY_TAG_SHIFT 25

enum { depth = 8, request_bytes = 512 * 1024, sector = 512, control_ms = 30000, idle_ms = 24 * 3600 * 1000 };

// The number of a command that kernels before 6.4 know by itself alone.
static unsigned numbered(const struct ublk* ublk, unsigned command, size_t size) {
  return ublk->encoded ? (unsigned)_IOC(_IOC_READ | _IOC_WRITE, 'u', command, size) : command;
}

static int control(struct ublk* ublk, unsigned command, void* with, size_t length, uint64_t data) {
  struct io_uring_cqe cqe;
  struct io_uring_sqe* sqe = ring_next(&ublk->control);
  struct ublksrv_ctrl_cmd body = {
      .dev_id = ublk->id, .queue_id = (__u16)-1, .len = (__u16)length, .addr = (uintptr_t)with};
  body.data[0] = data;
  sqe->opcode = IORING_OP_URING_CMD;
  sqe->fd = ublk->control_fd;
  sqe->cmd_op = numbered(ublk, command, sizeof(body));
  memcpy(sqe->cmd, &body, sizeof(body));
  if (!ring_submit(&ublk->control) || !ring_reap(&ublk->control, control_ms, &cqe)) return -EIO;
  return cqe.res;
}

static bool add_device(struct ublk* ublk) {
  struct ublksrv_ctrl_dev_info info = {.nr_hw_queues = 1,
                                       .queue_depth = depth,
                                       .max_io_buf_bytes = request_bytes,
                                       .dev_id = (__u32)-1,
                                       .flags = ublk->user_copy ? USER_COPY : 0};
  ublk->id = (unsigned)-1;
  ublk->encoded = true;
  int error = control(ublk, UBLK_CMD_ADD_DEV, &info, sizeof(info), 0);
  if (error) {
    ublk->encoded = false;
    error = control(ublk, UBLK_CMD_ADD_DEV, &info, sizeof(info), 0);
  }
  if (error) return ktap_fail("UBLK_CMD_ADD_DEV: %s", strerror(-error));
  ublk->made = true;
  ublk->id = info.dev_id;
  snprintf(ublk->path, sizeof(ublk->path), "/dev/ublkb%u", ublk->id);
  // Flags that a kernel does not know are missing in its reply.
  if (ublk->user_copy && !(info.flags & USER_COPY)) return ktap_skip("no user copy (since 6.5)");
  struct ublk_params params = {.len = sizeof(params), .types = UBLK_PARAM_TYPE_BASIC};
  params.basic = (struct ublk_param_basic){.logical_bs_shift = 9,
                                           .physical_bs_shift = 12,
                                           .io_opt_shift = 12,
                                           .io_min_shift = 9,
                                           .max_sectors = request_bytes / sector,
                                           .dev_sectors = ublk->size / sector};
  error = control(ublk, UBLK_CMD_SET_PARAMS, &params, sizeof(params), 0);
  return error == 0 || ktap_fail("UBLK_CMD_SET_PARAMS: %s", strerror(-error));
}

struct queue {
  struct ring ring;
  int fd;
  const struct ublksrv_io_desc* requests;
};

static bool next_request(const struct ublk* ublk, struct queue* queue, unsigned tag, unsigned command,
                         int result) {
  struct io_uring_sqe* sqe = ring_next(&queue->ring);
  struct ublksrv_io_cmd body = {.tag = (__u16)tag, .result = result};
  if (!ublk->user_copy) body.addr = (uintptr_t)ublk->room.addr + tag * (size_t)request_bytes;
  sqe->opcode = IORING_OP_URING_CMD;
  sqe->fd = queue->fd;
  sqe->user_data = tag;
  sqe->cmd_op = numbered(ublk, command, sizeof(body));
  memcpy(sqe->cmd, &body, sizeof(body));
  return ring_submit(&queue->ring);
}

// Bytes moved, or -errno. The way of the bytes goes over the child's memory in both manners.
static int carry_out(const struct ublk* ublk, const struct queue* queue, unsigned tag) {
  const struct ublksrv_io_desc* request = &queue->requests[tag];
  size_t at = request->start_sector * sector, length = request->nr_sectors * (size_t)sector;
  unsigned char* room = ublk->room.addr + tag * (size_t)request_bytes;
  off_t bytes = (off_t)(UBLKSRV_IO_BUF_OFFSET + ((unsigned long long)tag << USER_COPY_TAG_SHIFT));
  if (at > ublk->size || length > ublk->size - at || length > request_bytes) return -EIO;
  switch (ublksrv_get_op(request)) {
    case UBLK_IO_OP_FLUSH:
      return 0;
    case UBLK_IO_OP_WRITE:
      if (ublk->user_copy && pread(queue->fd, room, length, bytes) != (ssize_t)length) return -EIO;
      memcpy(ublk->disk + at, room, length);
      return (int)length;
    case UBLK_IO_OP_READ:
      memcpy(room, ublk->disk + at, length);
      if (ublk->user_copy && pwrite(queue->fd, room, length, bytes) != (ssize_t)length) return -EIO;
      return (int)length;
    default:
      return -EOPNOTSUPP;
  }
}

// The child: until the device is stopped.
static void serve(const struct ublk* ublk) {
  char path[32];
  struct queue queue;
  struct io_uring_cqe cqe;
  snprintf(path, sizeof(path), "/dev/ublkc%u", ublk->id);
  queue.fd = open(path, O_RDWR | O_CLOEXEC);
  size_t length = (depth * sizeof(*queue.requests) + page_bytes() - 1) & ~(page_bytes() - 1);
  queue.requests =
      queue.fd < 0 ? MAP_FAILED : mmap(NULL, length, PROT_READ, MAP_SHARED, queue.fd, UBLKSRV_CMD_BUF_OFFSET);
  if (queue.requests == MAP_FAILED || !ring_open(&queue.ring, depth, IORING_SETUP_SQE128)) return;
  for (unsigned tag = 0; tag < depth; ++tag)
    if (!next_request(ublk, &queue, tag, UBLK_IO_FETCH_REQ, 0)) return;
  for (int left = depth; left > 0 && ring_reap(&queue.ring, idle_ms, &cqe);) {
    if (cqe.res != UBLK_IO_RES_OK)
      --left;
    else if (!next_request(ublk, &queue, (unsigned)cqe.user_data, UBLK_IO_COMMIT_AND_FETCH_REQ,
                           carry_out(ublk, &queue, (unsigned)cqe.user_data)))
      return;
  }
}

bool ublk_open(struct ublk* ublk, size_t size, bool user_copy) {
  *ublk = (struct ublk){.user_copy = user_copy, .size = size, .server = -1};
  ublk->control_fd = open("/dev/ublk-control", O_RDWR | O_CLOEXEC);
  if (ublk->control_fd < 0) return ktap_skip("/dev/ublk-control: %s (BLK_DEV_UBLK)", strerror(errno));
  ublk->disk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (ublk->disk == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  if (!buffer_get(&ublk->room, BUFFER_MEMFD, depth * (size_t)request_bytes)) return false;
  if (!ring_open(&ublk->control, 4, IORING_SETUP_SQE128) || !add_device(ublk)) return false;
  ublk->server = proc_fork();
  if (ublk->server == 0) {
    serve(ublk);
    _exit(0);
  }
  if (ublk->server < 0) return false;
  // Waits for the child to have asked for requests; reads the partition table by it.
  int error = control(ublk, UBLK_CMD_START_DEV, NULL, 0, (uint64_t)ublk->server);
  ublk->started = error == 0;
  return ublk->started || ktap_fail("UBLK_CMD_START_DEV: %s", strerror(-error));
}

void ublk_close(struct ublk* ublk) {
  if (ublk->control_fd < 0) return;
  if (ublk->started && control(ublk, UBLK_CMD_STOP_DEV, NULL, 0, 0) != 0)
    ktap_fail("UBLK_CMD_STOP_DEV failed");
  if (ublk->server > 0) {
    if (!ublk->started) kill(ublk->server, SIGKILL);
    waitpid(ublk->server, NULL, 0);
  }
  if (ublk->made && control(ublk, UBLK_CMD_DEL_DEV, NULL, 0, 0) != 0) ktap_fail("UBLK_CMD_DEL_DEV failed");
  if (ublk->control.sqes) ring_close(&ublk->control);
  if (ublk->room.addr) {
    buffer_seal(&ublk->room);
    buffer_put(&ublk->room);
  }
  if (ublk->disk && ublk->disk != MAP_FAILED) munmap(ublk->disk, ublk->size);
  close(ublk->control_fd);
  ublk->control_fd = -1;
}

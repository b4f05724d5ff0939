// SPDX-License-Identifier: GPL-2.0
// Two queue pairs of one soft RoCE device, connected to each other.
#pragma once

#include <stdint.h>

#include "clock.h"
#include "mr.h"

enum {
  pair_limit_ms = 20000,
  pair_access = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ
};

struct pair {
  struct link link;
  struct ibv_cq* queue;
  struct ibv_qp* ends[2];
};

static inline struct ibv_qp* pair_end(struct pair* pair) {
  struct ibv_qp_init_attr attr = {
      .send_cq = pair->queue,
      .recv_cq = pair->queue,
      .qp_type = IBV_QPT_RC,
      .cap = {.max_send_wr = 4, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1}};
  return ibv_create_qp(pair->link.domain, &attr);
}

// The RC state machine, INIT, RTR, RTS, towards `other`.
static inline bool pair_connect(struct ibv_qp* end, const struct ibv_qp* other, const union ibv_gid* gid) {
  struct ibv_qp_attr attr = {.qp_state = IBV_QPS_INIT, .port_num = 1, .qp_access_flags = pair_access};
  if (ibv_modify_qp(end, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS))
    return ktap_fail("INIT: %s", strerror(errno));
  attr = (struct ibv_qp_attr){
      .qp_state = IBV_QPS_RTR,
      .path_mtu = IBV_MTU_1024,
      .dest_qp_num = other->qp_num,
      .max_dest_rd_atomic = 1,
      .min_rnr_timer = 12,
      .ah_attr = {.is_global = 1, .port_num = 1, .grh = {.dgid = *gid, .hop_limit = 1, .sgid_index = 1}}};
  if (ibv_modify_qp(end, &attr,
                    IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
                        IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER))
    return ktap_fail("RTR: %s", strerror(errno));
  attr = (struct ibv_qp_attr){
      .qp_state = IBV_QPS_RTS, .timeout = 14, .retry_cnt = 7, .rnr_retry = 7, .max_rd_atomic = 1};
  return ibv_modify_qp(end, &attr,
                       IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
                           IBV_QP_MAX_QP_RD_ATOMIC) == 0 ||
         ktap_fail("RTS: %s", strerror(errno));
}

// Skips the running case when there is no rxe. Always call pair_close().
static inline bool pair_open(struct pair* pair) {
  union ibv_gid gid;
  *pair = (struct pair){0};
  if (!link_open(&pair->link)) return false;
  pair->queue = ibv_create_cq(pair->link.context, 16, NULL, NULL, 0);
  for (int i = 0; i < 2 && pair->queue; ++i) pair->ends[i] = pair_end(pair);
  if (!pair->ends[0] || !pair->ends[1]) return ktap_fail("queue pairs: %s", strerror(errno));
  // The second identifier is that of the IPv4 address.
  if (ibv_query_gid(pair->link.context, 1, 1, &gid)) return ktap_fail("ibv_query_gid: %s", strerror(errno));
  return pair_connect(pair->ends[0], pair->ends[1], &gid) && pair_connect(pair->ends[1], pair->ends[0], &gid);
}

static inline void pair_close(struct pair* pair) {
  for (int i = 0; i < 2; ++i)
    if (pair->ends[i]) ibv_destroy_qp(pair->ends[i]);
  if (pair->queue) ibv_destroy_cq(pair->queue);
  link_close(&pair->link);
}

// Waits for `count` completions, without an event channel: those of rxe come from a workqueue.
static inline bool pair_complete(struct pair* pair, int count) {
  long long end = clock_ms() + pair_limit_ms;
  struct ibv_wc done;
  while (count > 0) {
    int got = ibv_poll_cq(pair->queue, 1, &done);
    if (got == 1 && done.status != IBV_WC_SUCCESS)
      return ktap_fail("completion: %s", ibv_wc_status_str(done.status));
    if (got == 1) --count;
    if (got < 0 || clock_ms() > end) return ktap_fail("no completion within %d ms", pair_limit_ms);
    if (got == 0) sleep_ms(1);
  }
  return true;
}

// `length` bytes of one region to the start of the other. A region that is the near end of a write, a read or
// a send needs no remote access. False: the running case has failed.
static inline bool pair_transfer(struct pair* pair, enum ibv_wr_opcode opcode, struct ibv_mr* from,
                                 struct ibv_mr* to, unsigned length) {
  struct ibv_sge here = {.addr = (uintptr_t)from->addr, .length = length, .lkey = from->lkey};
  struct ibv_sge there = {.addr = (uintptr_t)to->addr, .length = length, .lkey = to->lkey};
  // A read is requested by the side that needs the data.
  bool read = opcode == IBV_WR_RDMA_READ, receive = opcode == IBV_WR_SEND;
  struct ibv_send_wr request = {
      .sg_list = read ? &there : &here,
      .num_sge = 1,
      .opcode = opcode,
      .send_flags = IBV_SEND_SIGNALED,
      .wr.rdma = {.remote_addr = (uintptr_t)(read ? from : to)->addr, .rkey = (read ? from : to)->rkey}};
  struct ibv_send_wr* bad_send;
  struct ibv_recv_wr wanted = {.sg_list = &there, .num_sge = 1}, *bad_receive;
  const int refused = receive ? ibv_post_recv(pair->ends[1], &wanted, &bad_receive) : 0;
  if (refused) return ktap_fail("ibv_post_recv: %s", strerror(refused));
  if (ibv_post_send(pair->ends[0], &request, &bad_send))
    return ktap_fail("ibv_post_send: %s", strerror(errno));
  return pair_complete(pair, receive ? 2 : 1);
}

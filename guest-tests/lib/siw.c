// SPDX-License-Identifier: GPL-2.0
#include "siw.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <rdma/rdma_netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "patience.h"

struct message {
  struct nlmsghdr header;
  unsigned char body[256];
};

static void put(struct message* message, unsigned short type, const void* data, size_t length) {
  struct nlattr attribute = {.nla_len = (__u16)(NLA_HDRLEN + length), .nla_type = type};
  unsigned char* at = (unsigned char*)message + message->header.nlmsg_len;
  memcpy(at, &attribute, sizeof(attribute));
  memcpy(at + NLA_HDRLEN, data, length);
  message->header.nlmsg_len += NLMSG_ALIGN(NLA_HDRLEN + length);
}

// 0, or the errno value with which the kernel refuses.
static int ask(struct message* message, int command) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA);
  char answer[1024];
  if (fd < 0) return errno;
  message->header.nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command);
  message->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  struct pollfd ready = {fd, POLLIN, 0};
  int error = EBADMSG;
  if (send(fd, message, message->header.nlmsg_len, 0) > 0 && poll(&ready, 1, patience_scaled(10000)) == 1 &&
      recv(fd, answer, sizeof(answer), 0) >= (ssize_t)(NLMSG_HDRLEN + sizeof(struct nlmsgerr))) {
    struct nlmsghdr* header = (struct nlmsghdr*)answer;
    if (header->nlmsg_type == NLMSG_ERROR) error = -((struct nlmsgerr*)NLMSG_DATA(header))->error;
  }
  close(fd);
  return error;
}

static int add_to(const char* device) {
  struct message message = {.header.nlmsg_len = NLMSG_HDRLEN};
  put(&message, RDMA_NLDEV_ATTR_DEV_NAME, "siw0", 5);
  put(&message, RDMA_NLDEV_ATTR_LINK_TYPE, "siw", 4);
  put(&message, RDMA_NLDEV_ATTR_NDEV_NAME, device, strlen(device) + 1);
  return ask(&message, RDMA_NLDEV_CMD_NEWLINK);
}

int siw_add(void) { return access("/sys/class/net/eth0", F_OK) == 0 ? add_to("eth0") : add_to("lo"); }

// The attribute `type` of a message of the kernel, or NULL.
static const struct nlattr* attribute(const struct nlmsghdr* header, unsigned short type) {
  const unsigned char* at = (const unsigned char*)header + NLMSG_HDRLEN;
  const unsigned char* end = (const unsigned char*)header + header->nlmsg_len;
  while (at + NLA_HDRLEN <= end) {
    const struct nlattr* one = (const struct nlattr*)at;
    if (one->nla_len < NLA_HDRLEN) break;
    if ((one->nla_type & NLA_TYPE_MASK) == type) return one;
    at += NLA_ALIGN(one->nla_len);
  }
  return NULL;
}

// Number of the device "siw0", from a list of all; -1 when it does not exist.
static int find_index(void) {
  struct message message = {.header = {.nlmsg_len = NLMSG_HDRLEN, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
  _Alignas(struct nlmsghdr) char answer[16384];
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA), found = -1;
  message.header.nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_GET);
  struct pollfd ready = {fd, POLLIN, 0};
  if (fd < 0 || send(fd, &message, message.header.nlmsg_len, 0) < 0) return -1;
  // A message for each device, then the end of the list.
  for (bool more = true; more && poll(&ready, 1, patience_scaled(10000)) == 1;) {
    ssize_t got = recv(fd, answer, sizeof(answer), 0);
    const struct nlmsghdr* one = (const struct nlmsghdr*)answer;
    more = got >= (ssize_t)NLMSG_HDRLEN && one->nlmsg_type == message.header.nlmsg_type;
    const struct nlattr* name = more ? attribute(one, RDMA_NLDEV_ATTR_DEV_NAME) : NULL;
    const struct nlattr* index = more ? attribute(one, RDMA_NLDEV_ATTR_DEV_INDEX) : NULL;
    if (name && index && strcmp((const char*)name + NLA_HDRLEN, "siw0") == 0)
      memcpy(&found, (const char*)index + NLA_HDRLEN, sizeof(found));
  }
  close(fd);
  return found;
}

int siw_remove(void) {
  struct message message = {.header.nlmsg_len = NLMSG_HDRLEN};
  int index = find_index();
  if (index < 0) return ENODEV;
  put(&message, RDMA_NLDEV_ATTR_DEV_INDEX, &index, sizeof(index));
  return ask(&message, RDMA_NLDEV_CMD_DELLINK);
}

// SPDX-License-Identifier: GPL-2.0
#include "genl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct message {
  struct nlmsghdr head;
  struct genlmsghdr command;
  unsigned char attributes[4096];
};

static void append(struct message* message, const struct genl_string* string) {
  struct nlattr* attribute = (struct nlattr*)((char*)message + NLMSG_ALIGN(message->head.nlmsg_len));
  size_t length = strlen(string->text) + 1;
  attribute->nla_type = string->type;
  attribute->nla_len = (uint16_t)(NLA_HDRLEN + length);
  memcpy((char*)attribute + NLA_HDRLEN, string->text, length);
  message->head.nlmsg_len = NLMSG_ALIGN(message->head.nlmsg_len) + (uint32_t)NLA_ALIGN(attribute->nla_len);
}

// Sends, and leaves the first message that comes back in *message. 0, or the errno value.
static int exchange(struct message* message, ssize_t* got) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
  if (fd < 0) return errno;
  int error = send(fd, message, message->head.nlmsg_len, 0) < 0 ? errno : 0;
  // The kernel answers before send() returns.
  if (!error && (*got = recv(fd, message, sizeof(*message), MSG_DONTWAIT)) < (ssize_t)sizeof(message->head))
    error = EIO;
  close(fd);
  if (error || message->head.nlmsg_type != NLMSG_ERROR) return error;
  return -((const struct nlmsgerr*)NLMSG_DATA(&message->head))->error;
}

static struct message start(int type, uint8_t command, int flags) {
  struct message message = {.head = {.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
                                     .nlmsg_type = (uint16_t)type,
                                     .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)},
                            .command = {.cmd = command, .version = 1}};
  return message;
}

int genl_family(const char* name) {
  struct message message = start(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
  struct genl_string family = {CTRL_ATTR_FAMILY_NAME, name};
  ssize_t got = 0;
  append(&message, &family);
  int error = exchange(&message, &got);
  if (error) return -error;
  const char* end = (const char*)&message + got;
  for (const char* at = (const char*)message.attributes; at + NLA_HDRLEN + 2 <= end;) {
    const struct nlattr* attribute = (const struct nlattr*)at;
    if (attribute->nla_type == CTRL_ATTR_FAMILY_ID) return *(const uint16_t*)(at + NLA_HDRLEN);
    if (attribute->nla_len < NLA_HDRLEN) break;
    at += NLA_ALIGN(attribute->nla_len);
  }
  return -EIO;
}

int genl_request(int family, uint8_t command, const struct genl_string* strings, int count) {
  struct message message = start(family, command, NLM_F_ACK);
  ssize_t got = 0;
  for (int i = 0; i < count; ++i) append(&message, &strings[i]);
  return exchange(&message, &got);
}

// SPDX-License-Identifier: GPL-2.0
// Minimal generic netlink: one request with strings.
#pragma once

#include <stdint.h>

struct genl_string {
  uint16_t type;
  const char* text;
};

// Number of the family `name`, or minus the errno value.
int genl_family(const char* name);
// Sends `command` with `count` strings and waits for the answer. 0, or the errno value.
int genl_request(int family, uint8_t command, const struct genl_string* strings, int count);

// SPDX-License-Identifier: GPL-2.0
// Micro-probes for capabilities.c of paths that other suites test in full: each prints one "# capability NAME
// VALUE" line, and claims what it pinned. If the path is not available, the value is "unknown", and the
// running case is skipped with the reason.
#pragma once

#include <stdbool.h>

#include "caps.h"

// Prints `name` as unknown and skips the running case. Always returns false.
bool probe_unknown(const char* name, const char* format, ...) __attribute__((format(printf, 2, 3)));

void probe_netfs(void);      // dio.netfs: pin or get, on the 9p share "pinshare"
void probe_fuse(void);       // dio.fuse: pin or get, on a file of our own server
void probe_alg(void);        // alg: pin or get, of memory that is hashed
void probe_lt_file(void);    // lt.file_rw: allowed or refused, long-term pins of a shared ext4 mapping
void probe_lt_unlock(void);  // lt.unlock: yes or no, long-term pins of memory that userfaultfd brings
// What the two found, probed once in a program: the pages of a file are taken for long; a long-term pin waits
// for what userfaultfd brings. Of what cannot be probed, what newer kernels do: false, and true.
bool probe_lt_file_allowed(void);
bool probe_lt_waits(void);
void probe_framevec(void);  // framevec.force: yes or no, a device's buffer in read-only memory
// framevec.unlock: whether a device's buffer waits for memory that userfaultfd brings. Probed once.
bool probe_framevec_waits(void);
void probe_udmabuf(void);  // udmabuf.pin: pin or get

// What probe_udmabuf() found, probed once in a program.
enum pin_mode probe_udmabuf_mode(void);

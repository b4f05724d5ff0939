// SPDX-License-Identifier: GPL-2.0
// Network file systems over the loopback device: the kernel's own servers, and their clients mounted beside
// them.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "filesystem.h"

struct server {
  struct filesystem fs;
  char folder[64];  // what is served, in /tmp
  bool started;
  pid_t daemon;  // ksmbd.mountd, or what stands in for nfsdcld; or 0
};

// knfsd, by what exportfs and rpc.mountd would write into its files, and NFS 4.0 mounted from it. Skips the
// running case when the kernel lacks one of them. To be ended by server_end() in any case.
bool server_begin_nfs(struct server* server);
// ksmbd with its user half ksmbd.mountd from PATH, and SMB 3.1.1 mounted from it.
bool server_begin_smb(struct server* server);
void server_end(struct server* server);

// SPDX-License-Identifier: GPL-2.0
// Network file systems over the loopback device: the kernel's own servers, and their clients on the same
// machine.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "filesystem.h"

struct server {
  struct filesystem fs;
  char folder[64];  // the exported directory, in /tmp
  bool started;
  pid_t daemon;  // ksmbd.mountd, or a stand-in for nfsdcld; or 0
};

// knfsd, configured as exportfs and rpc.mountd would, and NFS 4.0 mounted from it. Skips the
// running case when the kernel lacks one of them. Always call server_end().
bool server_begin_nfs(struct server* server);
// ksmbd with its daemon ksmbd.mountd from PATH, and SMB 3.1.1 mounted from it.
bool server_begin_smb(struct server* server);
void server_end(struct server* server);

// SPDX-License-Identifier: GPL-2.0
#include "servers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nfsd/cld.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "loopback.h"
#include "patience.h"
#include "proc.h"
#include "tool.h"

// The NT hash of the password "pinrig" in base64.
#define SMB_PASSWORD_HASH "oRgWbuE8brHCHiobxoD0AQ=="

#define pipes "/tmp/pinrig-pipes"

enum { start_limit_ms = 10000, smb_port = 445 };

static bool put(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  ssize_t length = (ssize_t)strlen(text);
  bool good = fd >= 0 && write(fd, text, (size_t)length) == length;
  int error = errno;
  if (fd >= 0) close(fd);
  return good || ktap_fail("writing \"%s\" to %s: %s", text, path, strerror(error));
}

static void make_folder(struct server* server, const char* name) {
  *server = (struct server){.fs = {.type = name}};
  snprintf(server->folder, sizeof(server->folder), "/tmp/pinrig-served-%s", name);
  mkdir(server->folder, 0700);
  // ksmbd runs requests as the logged-in user, whom the guest does not know.
  chmod(server->folder, 0777);
}

// Forgets every export: an entry of these caches that is older than the time written is gone.
static void forget_exports(void) {
  static const char* const caches[] = {"nfsd.fh", "nfsd.export", "auth.unix.ip"};
  char path[64], now[32];
  snprintf(now, sizeof(now), "%lld\n", (long long)time(NULL) + 1);
  for (size_t i = 0; i < 3; ++i) {
    snprintf(path, sizeof(path), "/proc/net/rpc/%s/flush", caches[i]);
    put(path, now);
  }
}

// What exportfs and rpc.mountd answer when the kernel asks, told beforehand: any address of ours is the
// client "pinrig", which may use the folder, whose number is 0 and so the root of NFS 4. The flags
// (uapi/linux/nfsd/export.h): insecure port 2, async 0x10, no subtree check 0x400, has a number 0x2000; root
// stays root.
static bool export_folder(const char* folder) {
  char text[200];
  if (!put("/proc/net/rpc/auth.unix.ip/channel", "nfsd 127.0.0.1 2147483647 pinrig\n")) return false;
  snprintf(text, sizeof(text), "pinrig %s 2147483647 %d 65534 65534 0\n", folder,
           0x2 | 0x10 | 0x400 | 0x2000);
  if (!put("/proc/net/rpc/nfsd.export/channel", text)) return false;
  snprintf(text, sizeof(text), "pinrig 1 \\x00000000 2147483647 %s\n", folder);
  return put("/proc/net/rpc/nfsd.fh/channel", text);
}

// What nfsdcld does, for a server that never had a client before: it remembers nothing and says yes. The
// kernel makes the pipe while it starts and waits a second for somebody to open it (nfsd4_cld_tracking_init);
// without it, every open would wait for the end of a grace period.
static void track_clients(void) {
  struct cld_msg message;
  int fd = -1;
  for (long long end = clock_ms() + patience_scaled(start_limit_ms); fd < 0 && clock_ms() < end; sleep_ms(5))
    fd = open(pipes "/nfsd/cld", O_RDWR | O_CLOEXEC);
  struct pollfd ready = {fd, POLLIN, 0};
  while (fd >= 0 && poll(&ready, 1, -1) == 1 && read(fd, &message, sizeof(message)) > 0) {
    message.cm_status = 0;
    if (message.cm_cmd == Cld_GetVersion) message.cm_u.cm_version = 1;
    if (write(fd, &message, sizeof(message)) < 0) break;
  }
}

static bool start_tracking(struct server* server) {
  mkdir(pipes, 0700);
  if (mount("rpc_pipefs", pipes, "rpc_pipefs", 0, NULL) < 0)
    return ktap_fail("rpc_pipefs: %s", strerror(errno));
  server->daemon = proc_fork();
  if (server->daemon == 0) {
    track_clients();
    _exit(0);
  }
  return server->daemon > 0;
}

static bool start_nfsd(struct server* server) {
  if (mount("nfsd", "/proc/fs/nfsd", "nfsd", 0, NULL) < 0 && errno != EBUSY)
    return ktap_skip("no NFS server in this kernel: %s", strerror(errno));
  // Version 4 alone needs neither rpcbind nor the mount protocol.
  if (!start_tracking(server) || !put("/proc/fs/nfsd/versions", "-2 -3 +4\n") ||
      !put("/proc/fs/nfsd/nfsv4leasetime", "10\n") || !put("/proc/fs/nfsd/nfsv4gracetime", "10\n") ||
      !export_folder(server->folder) || !put("/proc/fs/nfsd/portlist", "tcp 2049\n"))
    return false;
  server->started = put("/proc/fs/nfsd/threads", "2\n");
  return server->started;
}

#define NFS_OPTIONS(version) \
  "addr=127.0.0.1,clientaddr=127.0.0.1,vers=" version ",proto=tcp,sec=sys,soft,timeo=100,retrans=2"

// On 7.3 version 4.0 is an option of the kernel (NFS_V4_0), and 4.1 is not; on 6.12 it is the other way
// round.
static bool mount_nfs(struct filesystem* fs) {
  static const char source[] = "127.0.0.1:/", probe[] = "/tmp/pinrig-nfs-probe";
  mkdir(probe, 0700);
  const bool old = mount(source, probe, "nfs4", 0, NFS_OPTIONS("4.0")) == 0 || errno != EINVAL;
  umount(probe);
  rmdir(probe);
  return filesystem_mount(fs, "nfs4", source, old ? NFS_OPTIONS("4.0") : NFS_OPTIONS("4.1"));
}

bool server_begin_nfs(struct server* server) {
  make_folder(server, "nfs4");
  return loopback_up() && start_nfsd(server) && mount_nfs(&server->fs);
}

static bool write_text(const char* path, const char* text) {
  FILE* file = fopen(path, "we");
  bool good = file && fputs(text, file) >= 0;
  if (file && fclose(file) != 0) good = false;
  return good || ktap_fail("%s: %s", path, strerror(errno));
}

static bool configure_smb(const struct server* server) {
  char text[400];
  mkdir("/etc/ksmbd", 0755);
  snprintf(text, sizeof(text),
           "[global]\n\tbind interfaces only = no\n\ttcp port = %d\n\tserver min protocol = SMB3_11\n"
           "[share]\n\tpath = %s\n\tread only = no\n\toplocks = no\n\tcreate mask = 0666\n",
           smb_port, server->folder);
  return write_text("/etc/ksmbd/smb.conf", text) && write_text("/etc/ksmbd/ksmbd.conf", text) &&
         write_text("/etc/ksmbd/users.db", "pinrig:" SMB_PASSWORD_HASH "\n") &&
         write_text("/etc/ksmbd/ksmbdpwd.db", "pinrig:" SMB_PASSWORD_HASH "\n");
}

static bool start_ksmbd(struct server* server) {
  if (access("/sys/class/ksmbd-control", F_OK) < 0) return ktap_skip("no SMB server in this kernel");
  static const char* const probe[] = {"ksmbd.mountd", "--version", NULL};
  if (!tool_run(probe, start_limit_ms)) return false;
  server->daemon = proc_fork();
  if (server->daemon == 0) {
    execlp("ksmbd.mountd", "ksmbd.mountd", "-n", NULL);
    _exit(127);
  }
  server->started = server->daemon > 0;
  // The kernel half listens once the other one has told it how.
  return server->started && tool_wait_for_port(smb_port, start_limit_ms);
}

bool server_begin_smb(struct server* server) {
  make_folder(server, "cifs");
  return configure_smb(server) && loopback_up() && start_ksmbd(server) &&
         filesystem_mount(
             &server->fs, "cifs", "//127.0.0.1/share",
             "ip=127.0.0.1,unc=\\\\127.0.0.1\\share,user=pinrig,pass=pinrig,vers=3.1.1,cache=loose,soft");
}

void server_end(struct server* server) {
  bool smb = server->fs.type && strcmp(server->fs.type, "cifs") == 0;
  filesystem_close(&server->fs);
  if (server->started && smb) put("/sys/class/ksmbd-control/kill_server", "hard");
  if (server->started && !smb) {
    put("/proc/fs/nfsd/threads", "0\n");
    forget_exports();
  }
  if (server->daemon > 0) {
    kill(server->daemon, smb ? SIGTERM : SIGKILL);
    while (waitpid(server->daemon, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  if (!smb && umount(pipes) == 0) rmdir(pipes);
  char path[80];
  snprintf(path, sizeof(path), "%s/data", server->folder);
  unlink(path);
  rmdir(server->folder);
}

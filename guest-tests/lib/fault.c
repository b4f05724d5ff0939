// SPDX-License-Identifier: GPL-2.0
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

static const char debugfs[] = "/sys/kernel/debug";

// 0 or errno.
static int put(const char* path, const char* value) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = write(fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : errno;
  close(fd);
  return error;
}

struct setting {
  const char* file;
  const char* value;
};

// Sets what stands below debugfs. A folder that is missing is a symbol that the kernel was built without.
static bool configure(const struct setting* settings, size_t count, const char* symbols) {
  for (size_t i = 0; i < count; ++i) {
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", debugfs, settings[i].file);
    int error = put(path, settings[i].value);
    if (error == ENOENT) return ktap_skip("no %s: this kernel lacks one of %s", path, symbols);
    if (error != 0) return ktap_fail("writing %s to %s: %s", settings[i].value, path, strerror(error));
  }
  return true;
}

bool fault_nth_ready(void) {
  static const struct setting settings[] = {
      {"failslab/ignore-gfp-wait", "N"},        {"failslab/verbose", "0"},
      {"fail_page_alloc/ignore-gfp-wait", "N"}, {"fail_page_alloc/ignore-gfp-highmem", "N"},
      {"fail_page_alloc/min-order", "0"},       {"fail_page_alloc/verbose", "0"},
  };
  static const struct setting usercopy = {"fail_usercopy/verbose", "0"};
  if (!configure(settings, sizeof(settings) / sizeof(settings[0]),
                 "FAILSLAB, FAIL_PAGE_ALLOC, FAULT_INJECTION_DEBUG_FS"))
    return false;
  char path[128];
  snprintf(path, sizeof(path), "%s/fail_usercopy", debugfs);
  return access(path, F_OK) < 0 || configure(&usercopy, 1, "FAULT_INJECTION_USERCOPY");
}

// The file of this thread, kept open: opening it would use up the faults that are to be counted.
static int nth_file(void) {
  static _Thread_local int fd = -1;
  if (fd < 0) fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
  return fd;
}

bool fault_nth_arm(int nth) {
  char text[16];
  int length = snprintf(text, sizeof(text), "%d", nth);
  int fd = nth_file();
  if (fd < 0) return ktap_fail("/proc/thread-self/fail-nth: %s", strerror(errno));
  return pwrite(fd, text, (size_t)length, 0) == length || ktap_fail("arming fail-nth: %s", strerror(errno));
}

int fault_nth_pause(void) {
  char text[16] = "";
  // Where copies to user memory are made to fail too, this very read can be the one that does (EFAULT): then
  // the operation had not got that far. The write of 0 can fail in the same way, and with that has done its
  // work.
  const ssize_t got = pread(nth_file(), text, sizeof(text) - 1, 0);
  for (int tries = 0; tries < 3 && pwrite(nth_file(), "0", 1, 0) != 1; ++tries) {
  }
  return got > 0 ? atoi(text) : 1;
}

void fault_nth_resume(int left) {
  if (left > 0) fault_nth_arm(left);
}

bool fault_nth_disarm(void) { return fault_nth_pause() == 0; }

int fault_walk(bool (*attempt)(void* context, int nth), void* context, int limit) {
  int injected = 0;
  while (injected < limit && !ktap_failed() && attempt(context, injected + 1)) ++injected;
  ktap_note("%d allocations of the operation were made to fail", injected);
  if (injected == limit) ktap_fail("the operation still met its %d-th fault: is it endless?", limit);
  return injected;
}

int fault_each(bool (*attempt)(void* context, int nth), void* context, int limit) {
  int injected = fault_walk(attempt, context, limit);
  if (injected == 0 && !ktap_failed())
    ktap_fail("the operation made no allocation that could fail: nothing was tested");
  return injected;
}

bool fault_refused(int nth, bool injected, int status) {
  if (status == 0) return false;
  const bool memory = status == -ENOMEM || status == -EAGAIN || status == -EFAULT;
  if (!memory) ktap_fail("fault %d gave %d, which is neither success nor a lack of memory", nth, status);
  if (!injected) ktap_fail("without a fault the operation gave %d", status);
  return memory;
}

bool fault_pages_ready(void) {
  static const struct setting settings[] = {
      {"fail_page_alloc/ignore-gfp-wait", "N"}, {"fail_page_alloc/ignore-gfp-highmem", "N"},
      {"fail_page_alloc/min-order", "0"},       {"fail_page_alloc/verbose", "0"},
      {"fail_page_alloc/interval", "1"},        {"fail_page_alloc/times", "-1"},
      {"fail_page_alloc/space", "0"},           {"fail_page_alloc/task-filter", "Y"},
  };
  return configure(settings, sizeof(settings) / sizeof(settings[0]),
                   "FAIL_PAGE_ALLOC, FAULT_INJECTION_DEBUG_FS");
}

// The marked process is the only one; then it is the probability that turns it on.
static bool pages_fail(const char* probability, const char* marked) {
  const struct setting setting = {"fail_page_alloc/probability", probability};
  const int error = put("/proc/self/make-it-fail", marked);
  if (error) return ktap_fail("/proc/self/make-it-fail: %s", strerror(error));
  return configure(&setting, 1, "FAIL_PAGE_ALLOC");
}

bool fault_pages_arm(void) { return pages_fail("100", "1"); }

// It is the mark that is taken away first: what turns it off may need a page.
void fault_pages_disarm(void) { pages_fail("0", "0"); }

static bool mark_disk(const char* path, const char* value) {
  char real[PATH_MAX], file[PATH_MAX + 64];
  if (!realpath(path, real)) return ktap_fail("%s: %s", path, strerror(errno));
  snprintf(file, sizeof(file), "/sys/block/%s/make-it-fail", strrchr(real, '/') + 1);
  int error = put(file, value);
  if (error == ENOENT) return ktap_skip("no %s: this kernel lacks FAIL_MAKE_REQUEST", file);
  return error == 0 || ktap_fail("%s: %s", file, strerror(error));
}

bool fault_requests_on(const char* path, long spare_bytes) {
  char spare[24];
  snprintf(spare, sizeof(spare), "%ld", spare_bytes);
  const struct setting settings[] = {
      {"fail_make_request/verbose", "0"},     {"fail_make_request/interval", "1"},
      {"fail_make_request/task-filter", "N"}, {"fail_make_request/space", spare},
      {"fail_make_request/times", "-1"},      {"fail_make_request/probability", "100"},
  };
  return configure(settings, sizeof(settings) / sizeof(settings[0]),
                   "FAIL_MAKE_REQUEST, FAULT_INJECTION_DEBUG_FS") &&
         mark_disk(path, "1");
}

void fault_requests_off(const char* path) {
  static const struct setting off = {"fail_make_request/probability", "0"};
  configure(&off, 1, "FAIL_MAKE_REQUEST");
  mark_disk(path, "0");
}

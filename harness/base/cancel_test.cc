// SPDX-License-Identifier: GPL-2.0
#include "base/cancel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

namespace pinrig {
namespace {

/// Runs `body` in a fork and gives its wait status.
template <typename F>
int in_child(F body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status;
}

// timeout(1) signals its child and then the child's group.
TEST(CancelOnSignals, RepeatsAreOneRequest) {
  const int status = in_child([] {
    const CancelToken token;
    cancel_on_signals(token);
    for (const int signo : {SIGTERM, SIGTERM, SIGHUP, SIGINT, SIGINT}) ::raise(signo);
    return token.requested() ? 42 : 1;
  });
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST(CancelOnSignals, OnlyASecondInterruptAfterASecondEndsAtOnce) {
  EXPECT_FALSE(ends_at_once(SIGINT, -1));
  EXPECT_FALSE(ends_at_once(SIGINT, 999));
  EXPECT_TRUE(ends_at_once(SIGINT, 1000));
  EXPECT_FALSE(ends_at_once(SIGTERM, 5000));
  EXPECT_FALSE(ends_at_once(SIGHUP, 5000));
}

TEST(CancelOnSignals, WhatWasIgnoredStaysIgnored) {
  for (const int signo : {SIGHUP, SIGINT}) {
    const int status = in_child([signo] {
      ::signal(signo, SIG_IGN);
      const CancelToken token;
      cancel_on_signals(token);
      ::raise(signo);
      return token.requested() ? 1 : 42;
    });
    ASSERT_TRUE(WIFEXITED(status)) << status;
    EXPECT_EQ(WEXITSTATUS(status), 42) << signo;
  }
}

TEST(StandardDescriptors, NoFileOfOursIsTakenForOneOfThem) {
  const int status = in_child([] {
    for (int fd = 0; fd <= 2; ++fd) ::close(fd);
    open_standard_descriptors();
    const CancelToken token;
    if (token.fd() <= 2) return 1;
    char c = 'x';
    if (::read(0, &c, 1) >= 0 || ::write(1, &c, 1) >= 0) return 2;  // as if they were closed
    return ::write(2, &c, 1) == 1 ? 42 : 3;
  });
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

}  // namespace
}  // namespace pinrig

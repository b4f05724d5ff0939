// SPDX-License-Identifier: GPL-2.0
// `--shell` without a terminal: the commands come from stdin, and the guest ends after the last one.
#pragma once

#include <string>

#include "job/prepare.h"

namespace pinrig::run {

/// Reads descriptor `fd` to its end. Can be cancelled while waiting; bad_input beyond 1 MiB.
Result<std::string> read_commands(int fd, const CancelToken& cancel);

/// The command that starts a test in the shell of an interactive guest: its folder, environment and
/// arguments.
std::string test_command(const model::TestSpec& test);

/// Adds an archive to the guest of `job` that makes its login shell run `commands` and exit. Without it the
/// shell would wait for a terminal forever: QEMU does not pass on that its stdin has ended.
Result<void> give_commands(job::ReadyJob& job, const std::string& commands);

}  // namespace pinrig::run

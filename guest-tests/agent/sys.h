// SPDX-License-Identifier: GPL-2.0
// Small wrappers around system calls. None of them can end PID 1.
#pragma once

#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace pinrig::agent {

double monotonic_ms();
double uptime_ms();
/// "WHAT: No such file or directory"
std::string errno_text(const std::string& what, int error);

/// The whole of a (small) file; empty when it cannot be read.
std::string read_file(const std::string& path);
/// The same, trimmed: a sysfs attribute.
std::string read_attribute(const std::string& path);
/// 0 or an errno value.
int write_file(const std::string& path, std::string_view text);
/// Reads an open file from its start into `buffer`, which keeps its capacity.
bool reread(int fd, std::string& buffer);

/// Writes all of it to a blocking descriptor.
bool write_all(int fd, std::string_view bytes);
/// 0 or an errno value; parents too.
int make_directories(const std::string& path);

void open_kmsg();
/// One line to the kernel log, and thereby to the console: `mark` and the text after it.
void kmsg(std::string_view mark, std::string_view text);
/// "pinrig: agent TEXT", the same way.
void note(std::string_view text);

}  // namespace pinrig::agent

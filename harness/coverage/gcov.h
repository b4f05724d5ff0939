// SPDX-License-Identifier: GPL-2.0
// What `gcov --json-format` prints, as lines of the kernel's tree. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "coverage/lines.h"

namespace pinrig::coverage {

struct Measured {
  FileLines code;  ///< lines that have code in these objects
  FileLines ran;   ///< those of them that were executed

  void add(const Measured& more);
};

/// One object: the JSON that gcov prints about "block/bio.gcda". `object` is the path below the object
/// directory, without the suffix: "block/bio". The source of that name says where the tree begins in all
/// other names ("../../worktrees/debian-6.12/include/linux/bio.h"); what is outside of it (generated headers)
/// is omitted. Inline functions of headers count where the object includes them. A line that is in several
/// functions ran when it ran in one of them. Errors: infra when the text is no such JSON, or is about another
/// object.
Result<Measured> parse_gcov(std::string_view json, const std::string& object);

/// What gcov said on stderr about the counters and notes of that object: infra. Counters that do not belong
/// to the notes, or that it cannot read, it ignores, says so, and exits with 0.
Result<void> check_messages(std::string_view messages, const std::string& object);

}  // namespace pinrig::coverage

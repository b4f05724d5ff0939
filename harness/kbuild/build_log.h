// SPDX-License-Identifier: GPL-2.0
// What kbuild prints, line by line: progress, the first error, warnings. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace pinrig::kbuild {

/// Collects from a build's output, which may come in pieces of any size.
class BuildLog {
 public:
  /// `source` and `objdir` are cut off the paths in messages, so that these are relative to the tree.
  BuildLog(std::string source, std::string objdir) : source_(std::move(source)), objdir_(std::move(objdir)) {}

  enum class Stream { out, err };
  /// Pieces of the two streams come mixed, so each has its own unfinished line.
  void add(std::string_view piece, Stream stream = Stream::out);
  void finish();

  /// Lines like "  CC      block/bio.o": one per step of the build.
  int steps() const { return steps_; }
  /// "block/bio.c:12:3: error: ...", or the first other line that says why the build failed; empty if none
  /// does.
  const std::string& first_error() const { return first_error_.empty() ? first_failure_ : first_error_; }
  /// "block/bio.c:12: text [-Wunused]", each once, in order.
  const std::vector<std::string>& warnings() const { return warnings_; }
  bool disk_full() const { return disk_full_; }

 private:
  void line(std::string_view text);
  std::string relative(std::string_view path) const;

  std::string source_;
  std::string objdir_;
  std::array<std::string, 2> partial_;
  int steps_ = 0;
  std::string first_error_;
  std::string first_failure_;
  std::vector<std::string> warnings_;
  bool disk_full_ = false;
};

/// The ones in `files` (paths relative to the tree).
std::vector<std::string> warnings_in(const std::vector<std::string>& warnings,
                                     const std::vector<std::string>& files);

}  // namespace pinrig::kbuild

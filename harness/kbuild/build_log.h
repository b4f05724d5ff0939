// SPDX-License-Identifier: GPL-2.0
// What kbuild prints, line by line: progress, the reason of a failure, warnings. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace pinrig::kbuild {

/// Why a build failed, as one of its lines says.
struct BuildReason {
  std::string file;   ///< relative to the tree; empty when the line names none
  int line = 0;       ///< 0 = none
  std::string text;   ///< "expected ';' before 'return'", "unknown statement \"bol\""
  std::string shown;  ///< for people: "block/bio.c:12:3: error: expected ';' before 'return'"
};

/// Collects from a build's output, which may come in pieces of any size.
class BuildLog {
 public:
  /// `source` and `objdir` are cut off the paths in messages, so that these are relative to the tree.
  BuildLog(std::string source, std::string objdir) : source_(std::move(source)), objdir_(std::move(objdir)) {}

  enum class Stream { out, err };
  /// Pieces of the two streams are interleaved, so each has its own unfinished line.
  void add(std::string_view piece, Stream stream = Stream::out);
  void finish();

  /// Lines like "  CC      block/bio.o": one per step of the build.
  int steps() const { return steps_; }
  /// The first line of the best kind there is: one with file and line (of the compiler, the assembler, make's
  /// `$(error ...)`, Kconfig), else the linker's, modpost's or a program's, else make's summary. Its `shown`
  /// is empty when no line gives a reason.
  const BuildReason& reason() const { return reason_; }
  /// reason().shown.
  const std::string& first_error() const { return reason_.shown; }
  /// "block/bio.c:12: text [-Wunused]", each once, in order.
  const std::vector<std::string>& warnings() const { return warnings_; }
  bool disk_full() const { return disk_full_; }

 private:
  /// Kinds of reasons, the better first.
  enum class Rank { located, other, summary, none };
  void line(std::string_view text);
  void note(Rank rank, BuildReason reason);
  bool note_located(std::string_view text);
  std::string relative(std::string_view path) const;

  std::string source_;
  std::string objdir_;
  std::array<std::string, 2> partial_;
  int steps_ = 0;
  Rank rank_ = Rank::none;
  BuildReason reason_;
  std::vector<std::string> warnings_;
  bool disk_full_ = false;
};

/// A path of a compiler's message relative to the tree, which make may have given it relative to the object
/// directory; others stay as they are.
std::string tree_path(std::string_view path, const std::string& source, const std::string& objdir);

/// The ones in `files` (paths relative to the tree).
std::vector<std::string> warnings_in(const std::vector<std::string>& warnings,
                                     const std::vector<std::string>& files);

}  // namespace pinrig::kbuild

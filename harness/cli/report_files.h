// SPDX-License-Identifier: GPL-2.0
// The files of `run --junit --ktap --json ...`: checked before the run, and never left with the content of an
// earlier run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace pinrig::cli {

/// Help of --attach-root.
inline constexpr const char* attach_root_text =
    "JUnit: write paths of attachments relative to this folder (GitLab: the project), not absolute (Jenkins)";

/// As typed; empty: not requested, "-": stdout.
struct ReportFiles {
  std::string junit;
  std::string ktap;
  std::string json;
  std::string usage = {};                          ///< of --usage, which must not be one of them
  std::map<std::string, std::string> others = {};  ///< of the other formats (report/formats.h), by name
  std::string attach_root = {};                    ///< as in report::Selection

  /// The file of a format, by its name.
  std::string& of(const std::string& format);
  /// One of them has stdout to itself, so the report for people goes to stderr.
  bool take_stdout() const;
};

/// The files that a command line names which was refused: an earlier result must not pass for its own. Only
/// regular files of `run`; empty when the words do not say.
ReportFiles files_in(const std::vector<std::string>& args);
/// One name for a file, however it was typed: "a.xml", "./a.xml", a link to it.
std::string same_file(const std::string& file);
/// Replaces each file by one that says that the run did not finish: it stays when pinrig is killed.
/// bad_usage for a second "-", the same file twice, and a file that cannot be written; it names the option.
Result<void> begin_files(const ReportFiles& files);
/// The run did not begin, or ended without a result: each file says why. All are tried; the first error.
Result<void> fail_files(const ReportFiles& files, const Error& why);
/// What the store has of the run.
Result<void> write_files(const ReportFiles& files, const store::Store& store, const store::RunRow& run);

}  // namespace pinrig::cli

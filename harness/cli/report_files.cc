// SPDX-License-Identifier: GPL-2.0
#include "cli/report_files.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "base/exit_code.h"
#include "base/file.h"
#include "cli/output.h"
#include "report/report.h"
#include "report/unfinished.h"

namespace pinrig::cli {
namespace {

struct Format {
  const char* option;
  std::string file;
  std::string (*unfinished)(const report::Unfinished&);
  Result<std::string> (*finished)(const store::Store&, const store::RunRow&);
};

std::vector<Format> wanted(const ReportFiles& files) {
  std::vector<Format> all{{"--junit", files.junit, report::unfinished_junit, report::junit},
                          {"--ktap", files.ktap, report::unfinished_ktap, report::ktap},
                          {"--json", files.json, report::unfinished_json, report::json}};
  std::erase_if(all, [](const Format& f) { return f.file.empty(); });
  return all;
}

/// A file that exists already, or will: what is neither stdout nor a pipe nor a device.
bool is_kept(const std::string& file) {
  std::error_code ec;
  const auto status = fs::status(file, ec);
  return file != "-" && (!fs::exists(status) || fs::is_regular_file(status));
}

}  // namespace

Result<void> begin_files(const ReportFiles& files) {
  std::map<std::string, const char*> taken;
  for (const auto& f : wanted(files)) {
    const auto [other, fresh] = taken.emplace(f.file, f.option);
    if (!fresh)
      return make_error(ErrorKind::bad_usage,
                        fmt::format("{} {}: {} {} already", f.option, f.file, other->second,
                                    f.file == "-" ? "takes stdout" : "writes to that file"),
                        "give each its own file");
  }
  for (const auto& f : wanted(files)) {
    std::error_code ec;
    if (fs::is_directory(f.file, ec))
      return make_error(ErrorKind::bad_usage, fmt::format("{} {}: is a directory", f.option, f.file),
                        "name a file in it");
    if (!is_kept(f.file)) continue;
    auto written = write_output(f.file, f.unfinished({}));
    if (written.has_error())
      return make_error(ErrorKind::bad_usage,
                        fmt::format("{} {}: {}", f.option, f.file, written.error().message),
                        "use a file in a writable directory");
  }
  return {};
}

Result<void> fail_files(const ReportFiles& files, const Error& why) {
  for (const auto& f : wanted(files)) {
    const report::Unfinished end{why.message, why.hint, static_cast<int>(exit_code_of(why.kind))};
    PINRIG_CHECK(write_output(f.file, f.unfinished(end)));
  }
  return {};
}

Result<void> write_files(const ReportFiles& files, const store::Store& store, const store::RunRow& run) {
  for (const auto& f : wanted(files)) {
    PINRIG_TRY(text, f.finished(store, run));
    PINRIG_CHECK(write_output(f.file, text));
  }
  return {};
}

}  // namespace pinrig::cli

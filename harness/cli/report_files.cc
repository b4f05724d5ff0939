// SPDX-License-Identifier: GPL-2.0
#include "cli/report_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/exit_code.h"
#include "base/file.h"
#include "cli/output.h"
#include "report/formats.h"

namespace pinrig::cli {
namespace {

/// A format with the file that was asked for.
struct Wanted : report::Format {
  std::string file;
};

std::vector<Wanted> wanted(ReportFiles files) {
  std::vector<Wanted> all;
  for (const auto& f : report::formats()) {
    if (const auto& file = files.of(f.name); !file.empty()) all.push_back({f, file});
  }
  return all;
}

/// "--junit FILE" or "--junit=FILE" among words that nobody has understood.
std::string value_in(const std::vector<std::string>& args, const std::string& option) {
  std::string out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i].starts_with(option + "=")) out = args[i].substr(option.size() + 1);
    if (args[i] == option && i + 1 < args.size() && !args[i + 1].starts_with("--")) out = args[i + 1];
  }
  return out;
}

/// A file that exists already, or will: what is neither stdout nor a pipe nor a device.
bool is_kept(const std::string& file) {
  std::error_code ec;
  const auto status = fs::status(file, ec);
  return file != "-" && (!fs::exists(status) || fs::is_regular_file(status));
}

}  // namespace

ReportFiles files_in(const std::vector<std::string>& args) {
  if (std::find(args.begin(), args.end(), "run") == args.end()) return {};
  ReportFiles files;
  for (const auto& f : report::formats()) {
    std::error_code ec;
    const std::string file = value_in(args, f.option);
    if (!file.empty() && is_kept(file) && !fs::is_directory(file, ec)) files.of(f.name) = file;
  }
  return files;
}

std::string& ReportFiles::of(const std::string& format) {
  if (format == "junit") return junit;
  if (format == "ktap") return ktap;
  return format == "json" ? json : others[format];
}

bool ReportFiles::take_stdout() const {
  const auto all = wanted(*this);
  return std::any_of(all.begin(), all.end(), [](const auto& f) { return f.file == "-"; });
}

std::string same_file(const std::string& file) {
  std::error_code ec;
  if (file == "-") return file;
  // A relative path whose file does not exist would stay relative.
  const fs::path absolute = fs::absolute(file, ec);
  const auto whole = fs::weakly_canonical(absolute, ec);
  return ec ? absolute.lexically_normal().string() : whole.string();
}

Result<void> begin_files(const ReportFiles& files) {
  std::map<std::string, std::string> taken;
  const auto take = [&](const std::string& option, const std::string& file) -> Result<void> {
    const auto [other, fresh] = taken.emplace(same_file(file), option);
    if (fresh || (file != "-" && !is_kept(file))) return {};
    return make_error(ErrorKind::bad_usage,
                      fmt::format("{} {}: {} {} already", option, file, other->second,
                                  file == "-" ? "takes stdout" : "writes to that file"),
                      "give each its own file");
  };
  for (const auto& f : wanted(files)) PINRIG_CHECK(take(f.option, f.file));
  if (!files.usage.empty()) PINRIG_CHECK(take("--usage", files.usage));
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
  Result<void> out;
  std::set<std::string> done;
  const auto all = wanted(files);
  const bool shared = std::count_if(all.begin(), all.end(), [](const auto& f) { return f.file == "-"; }) > 1;
  for (const auto& f : all) {
    if (shared && f.file == "-") continue;                 // nobody can tell which format it has
    if (!done.insert(same_file(f.file)).second) continue;  // two options, one file: that is what is wrong
    const report::Unfinished end{why.message, next_step(why), static_cast<int>(exit_code_of(why.kind))};
    // One that cannot be written must not leave another with what it had.
    if (auto written = write_output(f.file, f.unfinished(end)); written.has_error() && out.has_value())
      out = std::move(written);
  }
  return out;
}

Result<void> write_files(const ReportFiles& files, const store::Store& store, const store::RunRow& run) {
  for (const auto& f : wanted(files)) {
    PINRIG_TRY(text, f.finished(store, run, {.attach_root = files.attach_root}));
    PINRIG_CHECK(write_output(f.file, text));
  }
  return {};
}

}  // namespace pinrig::cli

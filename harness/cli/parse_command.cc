// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "console/console.h"
#include "job/raw_files.h"
#include "ktap/ktap.h"
#include "symbols/locate.h"

namespace pinrig::cli {
namespace {

struct ParseCommand {
  std::string file;
  std::string vmlinux;  ///< empty: none
  bool json = false;
};

/// Writes to stdout in pieces: what is printed of a large stream is large.
class Printer {
 public:
  void add(std::string_view text) {
    text_ += text;
    if (text_.size() >= (64 << 10)) flush();
  }
  Result<void> end() {
    flush();
    return std::move(result_);
  }

 private:
  void flush() {
    if (result_.has_value()) result_ = write_output("-", text_);
    text_.clear();
  }

  std::string text_;
  Result<void> result_;
};

void print_cases(const std::vector<ktap::Case>& cases, int depth, Printer& out) {
  for (const auto& c : cases) {
    out.add(fmt::format("{:>6}  {:{}}{:<6} {}{}\n", c.line, "", depth * 2, to_string(c.status), shown(c.name),
                        c.reason.empty() ? "" : "  # " + shown(c.reason)));
    print_cases(c.subtests, depth + 1, out);
  }
}

std::size_t leaves(const std::vector<ktap::Case>& cases) {
  std::size_t n = 0;
  for (const auto& c : cases) n += c.subtests.empty() ? 1 : leaves(c.subtests);
  return n;
}

int failures(const std::vector<ktap::Case>& cases) {
  int n = 0;
  for (const auto& c : cases) {
    n += c.status == ktap::Status::fail || c.status == ktap::Status::error || c.status == ktap::Status::xpass
             ? 1
             : 0;
    n += failures(c.subtests);
  }
  return n;
}

Result<ExitCode> parse_ktap(const ParseCommand& c) {
  PINRIG_TRY(tree, job::read_ktap(c.file == "-" ? "/dev/stdin" : c.file));
  Printer out;
  if (c.json) {
    ktap::write_json(tree, [&](std::string_view piece) { out.add(piece); });
  } else {
    print_cases(tree.cases, 0, out);
    for (const auto& f : tree.findings)
      out.add(fmt::format("{:>6}  {}: {}\n", f.line > 0 ? std::to_string(f.line) : "", to_string(f.kind),
                          shown(f.text)));
    out.add(fmt::format("{}, {} not ok, {} in the stream\n", count_of(leaves(tree.cases), "result"),
                        failures(tree.cases), count_of(tree.findings.size(), "finding")));
  }
  PINRIG_CHECK(out.end());
  return failures(tree.cases) > 0 || !tree.findings.empty() ? ExitCode::regressions : ExitCode::ok;
}

/// Source lines of the frames; a log of another kernel is an error, not a log without them.
Result<void> locate_frames(const std::string& file, console::Log& log) {
  PINRIG_TRY(vmlinux, symbols::Vmlinux::open(file));
  if (!vmlinux.has_lines())
    return make_error(
        ErrorKind::bad_input, fmt::format("{}: no debug information", file),
        "build the kernel with CONFIG_DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT=y, and name its vmlinux");
  bool frames = false;
  bool located = false;
  for (auto& e : log.events) {
    symbols::locate(vmlinux, e);
    located = located || !e.lines.empty();
    frames = frames || std::any_of(e.text.begin(), e.text.end(),
                                   [](const auto& line) { return symbols::frame_in(line).size > 0; });
  }
  if (!frames || located) return {};
  return make_error(
      ErrorKind::bad_input, fmt::format("{}: none of the log's frames is in this kernel", file),
      "name the vmlinux of the build that wrote the log: functions have other sizes in another one");
}

std::string frames_of(const model::KernelEvent& e) {
  if (e.lines.empty()) return "";
  std::string out;
  for (const auto& line : model::located_text(e)) out += fmt::format("{:14}{}\n", "", line);
  return out;
}

Result<ExitCode> parse_console(const ParseCommand& c) {
  const fs::path file = c.file == "-" ? "/dev/stdin" : c.file;
  // For a guest a missing console is an empty one; here it is a wrong file name.
  if (!fs::exists(file)) return read_file(file).error();
  PINRIG_TRY(log, job::read_console(file));
  // Of a guest an empty console is its own story; a log that is to be read has a line.
  if (log.line_count == 0)
    return make_error(ErrorKind::bad_input, fmt::format("{}: the log is empty", file.string()),
                      "name a kernel's console log or the output of dmesg");
  if (!c.vmlinux.empty()) PINRIG_CHECK(locate_frames(c.vmlinux, log));
  std::string out;
  if (c.json) {
    out = console::to_json(log) + "\n";
  } else {
    for (const auto& e : log.events) {
      out += fmt::format("{:>6}-{:<6} {:<10} {}{}\n", e.first_line, e.last_line, e.kind, e.title,
                         e.owner.empty() ? "" : "  (during " + e.owner + ")");
      out += frames_of(e);
    }
    out += fmt::format("{}, {}; {}\n", count_of(static_cast<std::size_t>(log.line_count), "line"),
                       count_of(log.events.size(), "event"),
                       log.panicked      ? "panicked"
                       : log.powered_off ? "powered off"
                                         : "ends with: " + log.last_line);
  }
  PINRIG_CHECK(write_output("-", out));
  return log.events.empty() ? ExitCode::ok : ExitCode::regressions;
}

}  // namespace

void add_parse(CLI::App& app, Program& /*program*/, Action& action) {
  auto* sub =
      app.add_subcommand("parse", "Analyze a saved log as pinrig would; exit code 1 on failures or findings");
  sub->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, Result<ExitCode> (*body)(const ParseCommand&)) {
    auto* kind = sub->add_subcommand(name, help);
    const auto c = std::make_shared<ParseCommand>();
    if (body == parse_console)
      kind->add_option("--vmlinux", c->vmlinux,
                       "Kernel with debug information that wrote the log: print the source lines of frames");
    kind->add_option("file", c->file, "Log file; - for stdin")->required();
    kind->add_flag("--json", c->json, "As JSON");
    kind->callback([c, body, &action] { action = [c, body] { return body(*c); }; });
  };
  add("ktap", "KTAP, TAP 13/14 or kselftest output", parse_ktap);
  add("console", "A kernel's console log or dmesg", parse_console);
}

}  // namespace pinrig::cli

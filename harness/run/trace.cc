// SPDX-License-Identifier: GPL-2.0
#include "run/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "image/guest_image.h"
#include "run/shell_input.h"
#include "vm/interactive.h"

namespace pinrig::run {
namespace {

constexpr std::string_view begin_mark = "pinrig: trace begins";
constexpr std::string_view end_mark = "pinrig: trace ends";
constexpr std::string_view no_event = "pinrig: no event ";
constexpr std::string_view no_tracefs = "pinrig: no tracefs";
constexpr std::string_view no_strace = "pinrig: no strace";
constexpr std::string_view code_mark = "pinrig: exit code ";
/// Room for the events of each CPU; the oldest are overwritten. Some 20,000 events: a serial port has to
/// print all of it.
constexpr int buffer_kib = 1024;
/// A serial port prints some hundred KiB in a second.
constexpr double print_s = 60;

/// A group as people call it; others are the names of systems in tracefs.
std::string system_of(const std::string& word) { return word == "syscalls" ? "raw_syscalls" : word; }

constexpr const char* strace_file = "/run/strace.txt";
constexpr int strace_bytes = 2 << 20;

/// Prints what a command writes between the marks.
std::string print_script(const std::string& command) {
  // Setting the terminal waits until it has sent everything: the guest's end would cut off the rest.
  return fmt::format("echo; echo \"{}$code\"; echo '{}'; {}; echo '{}'\nstty -echo 2>/dev/null || sleep 2\n",
                     code_mark, begin_mark, command, end_mark);
}

bool is_event_name(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == ':' || c == '*' || c == '?' || c == '-';
  });
}

}  // namespace

Result<std::vector<std::string>> trace_events(const std::string& list) {
  std::vector<std::string> out;
  for (const auto& part : split(list, ',')) {
    const std::string word(trim(part));
    if (word.empty()) continue;
    if (word == "gup")
      return make_error(ErrorKind::bad_usage, "--trace gup: mm/gup.c has no trace events",
                        "page_ref shows every reference that it takes and drops");
    if (!is_event_name(word))
      return make_error(ErrorKind::bad_usage, fmt::format("--trace: {} is no trace event", shell_quote(word)),
                        "for example page_ref, block, io_uring, syscalls, or SYSTEM:EVENT");
    out.push_back(word.find(':') == std::string::npos ? system_of(word) + ":*" : word);
  }
  if (out.empty())
    return make_error(ErrorKind::bad_usage, "--trace: no event given", "for example --trace page_ref,block");
  return out;
}

std::string trace_script(const std::string& test_command, const std::vector<std::string>& events) {
  std::string out = fmt::format(
      "mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null\n"
      "cd /sys/kernel/tracing 2>/dev/null && [ -e trace ] || {{ echo '{}'; exit 3; }}\n"
      "echo 0 > tracing_on; echo nop > current_tracer; echo {} > buffer_size_kb; echo > trace\n",
      no_tracefs, buffer_kib);
  for (const auto& e : events)
    out += fmt::format("echo '{0}' >> set_event 2>/dev/null || echo '{1}{0}'\n", e, no_event);
  // The switch is next to the test: mounting and the shell's own pages are not of interest.
  out += fmt::format("(echo 1 > /sys/kernel/tracing/tracing_on; {})\ncode=$?\necho 0 > tracing_on\n",
                     test_command);
  return out + print_script("cat trace");
}

std::string strace_script(const std::string& test_command) {
  // exec keeps what the test inherits; the output has a file of its own, or the test's lines would be in it.
  const std::string under =
      fmt::format("(strace -f -tt -T -yy -o {} sh -c {})", strace_file, shell_quote(test_command));
  return fmt::format("strace -V >/dev/null 2>&1 || {{ echo '{}'; exit 3; }}\n{}\ncode=$?\n", no_strace,
                     under) +
         print_script(fmt::format("tail -c {} {}", strace_bytes, strace_file));
}

Result<Trace> read_trace(const std::string& console) {
  Trace out;
  bool inside = false, whole = false;
  for (auto line : lines(console)) {
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (line == begin_mark) {
      inside = true;
    } else if (line == end_mark && inside) {
      whole = true;
      break;
    } else if (inside) {
      out.text.append(line).append("\n");
    } else if (line.starts_with(no_event)) {
      out.lacking.emplace_back(line.substr(no_event.size()));
    } else if (line.starts_with(code_mark)) {
      const auto digits = line.substr(code_mark.size());
      std::from_chars(digits.data(), digits.data() + digits.size(), out.code);
    } else if (line == no_strace) {
      return make_error(ErrorKind::infra, "strace does not run in this guest");
    } else if (line == no_tracefs) {
      return make_error(
          ErrorKind::infra, "this kernel has no tracefs",
          "its configuration needs FTRACE and ENABLE_DEFAULT_TRACERS, as the fragment full has");
    }
  }
  if (whole) return out;
  return make_error(ErrorKind::infra, inside ? "the guest ended in the middle of its trace"
                                             : "the guest ended before its trace was printed");
}

std::size_t count_events(const Trace& trace) {
  std::size_t n = 0;
  for (const auto line : lines(trace.text)) n += line.empty() || line.starts_with("#") ? 0 : 1;
  return n;
}

namespace {

/// Runs a script of the guest of `job`, and keeps what it printed between the marks in `name` of its folder.
Result<Trace> capture(job::ReadyJob& job, const std::string& script, const char* name,
                      const Services& services) {
  const auto& test = job.spec.tests.front();
  PINRIG_CHECK(give_commands(job, script));
  const auto& t = job.spec.timeouts;
  const double limit_s = t.scaled(t.boot_s + t.setup_s + test.limit_s) + print_s;
  services.observer.on(
      {.kind = Event::Kind::begin, .task = job.spec.guest_id, .what = "trace", .text = test.name});
  PINRIG_CHECK(
      vm::run_commands(job.spec, vm::GuestFiles{job.dir}, job.drives, Seconds(limit_s), services.cancel));
  PINRIG_TRY(console, read_file(job.dir / "console.raw"));
  auto read = read_trace(console);
  if (read.has_error()) {
    Error e = std::move(read).error();
    if (e.hint.empty()) e.hint = "its console is " + (job.dir / "console.raw").string();
    return e;
  }
  PINRIG_CHECK(write_file_atomic(job.dir / name, read->text));
  return std::move(*read);
}

}  // namespace

Result<Trace> trace(job::ReadyJob job, const std::vector<std::string>& events, const Services& services) {
  const std::string script = trace_script(test_command(job.spec.tests.front()), events);
  return capture(job, script, "trace.txt", services);
}

Result<void> add_strace(job::ReadyJob& job, const Services& services) {
  PINRIG_TRY(archive, image::tools_initramfs(job.spec.arch, {"strace"},
                                             job::work_context(services, job.spec.guest_id, "image")));
  job.spec.initramfs.push_back(archive.string());
  return {};
}

Result<Trace> strace(job::ReadyJob job, const Services& services) {
  PINRIG_CHECK(add_strace(job, services));
  const std::string script = strace_script(test_command(job.spec.tests.front()));
  return capture(job, script, "strace.txt", services);
}

}  // namespace pinrig::run

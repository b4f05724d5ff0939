// SPDX-License-Identifier: GPL-2.0
#include "vm/last_look.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "vm/guest_impl.h"

namespace pinrig::vm {
namespace {

/// For each of QEMU's answers, and for all that one sysrq prints; a kernel that prints all tasks on a slow
/// console is cut off.
constexpr Seconds answer_limit{1};
constexpr Seconds sysrq_limit{1};
/// A console that did not grow for so long has answered; one that never did will not.
constexpr Seconds quiet{0.2};
/// What is kept of what the kernel printed then.
constexpr std::uint64_t longest_answer = std::uint64_t{16} << 20;

std::uint64_t size_of(const fs::path& file) {
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  return ec ? 0 : size;
}

/// Moves what is in `from` after `start` to `to`.
Result<void> cut_off(const fs::path& from, std::uint64_t start, const fs::path& to) {
  const UniqueFd fd(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("opening " + from.string(), errno);
  std::string text(std::min<std::uint64_t>(size_of(from) - start, longest_answer), '\0');
  const auto n = ::pread(fd.get(), text.data(), text.size(), static_cast<off_t>(start));
  if (n <= 0) return {};
  PINRIG_CHECK(write_file_atomic(to, std::string_view(text).substr(0, static_cast<std::size_t>(n))));
  if (::truncate(from.c_str(), static_cast<off_t>(start)) != 0)
    return errno_error("truncating " + from.string(), errno);
  return {};
}

}  // namespace

Result<std::optional<Qmp::Answer>> Guest::Impl::ask_qemu(const std::string& command,
                                                         const std::string& arguments, Deadline deadline) {
  qmp.send_command(command, arguments);
  qmp_channel.send(qmp.take_output());
  while (!qmp.answer()) {
    PINRIG_TRY(wake, wait(deadline));
    control.in().clear();  // nothing that it says is an answer any more, and must not pile up
    if (wake != Wake::activity) return std::optional<Qmp::Answer>();
  }
  return qmp.answer();
}

Result<void> Guest::Impl::await_quiet() {
  const auto limit = Deadline::after(sysrq_limit);
  auto size = size_of(files.console());
  for (;;) {
    const auto pause = Deadline::earlier(Deadline::after(quiet), limit);
    Result<Wake> wake = Wake::activity;
    while (wake.has_value() && *wake == Wake::activity) {
      wake = wait(pause);
      control.in().clear();
    }
    if (wake.has_error()) return std::move(wake).error();
    const auto now = size_of(files.console());
    if (*wake != Wake::deadline || now == size || limit.passed()) return {};
    size = now;
  }
}

Result<bool> Guest::Impl::send_sysrq(char key) {
  PINRIG_TRY(broke, ask_qemu("chardev-send-break", R"({"id": "console"})", Deadline::after(answer_limit)));
  if (!broke || !broke->problem.empty()) return false;
  if (::write(prepared.console_input(), &key, 1) != 1) return false;
  PINRIG_CHECK(await_quiet());
  return true;
}

Result<void> Guest::Impl::look_at_cpus(LastLook& look) {
  PINRIG_TRY(state, ask_qemu("query-status", "", Deadline::after(answer_limit)));
  if (!state) return {};
  look.qemu_runs = true;
  if (const auto j = nlohmann::json::parse(state->text, nullptr, false); j.is_object())
    if (const auto said = j.find("status"); said != j.end() && said->is_string())
      look.status = said->get<std::string>();
  PINRIG_TRY(registers, ask_qemu("human-monitor-command", R"({"command-line": "info registers -a"})",
                                 Deadline::after(answer_limit)));
  if (!registers) return {};
  look.cpus = parse_registers(registers->text);
  const fs::path dir = files.dir / "last_look";
  PINRIG_CHECK(make_dirs(dir));
  PINRIG_CHECK(write_file_atomic(dir / "registers.txt", registers->text));
  PINRIG_TRY(cpus, ask_qemu("query-cpus-fast", "", Deadline::after(answer_limit)));
  if (cpus) PINRIG_CHECK(write_file_atomic(dir / "cpus.json", cpus->text + "\n"));
  return {};
}

Result<void> Guest::Impl::ask_kernel(LastLook& look) {
  look.asked = true;
  std::string keys(sysrq_keys);
  if (job.traits.lockdep) keys += locks_key;
  for (const char key : keys) {
    PINRIG_TRY(sent, send_sysrq(key));
    look.asked = look.asked && sent;
    // A kernel that does not answer the first does not answer the others.
    if (!sent || size_of(files.console()) == look.printed) break;
  }
  look.answer = size_of(files.console()) - look.printed;
  if (look.answer > 0 || job.arch != model::Arch::x86_64) return {};
  PINRIG_TRY(sent, ask_qemu("inject-nmi", "", Deadline::after(answer_limit)));
  if (!sent || !sent->problem.empty()) return {};
  PINRIG_CHECK(await_quiet());
  look.nmi = size_of(files.console()) - look.printed;
  return {};
}

Result<LastLook> Guest::last_look(std::optional<model::DumpCause> cause, const std::string& test) {
  Impl& g = *impl_;
  LastLook look;
  look.printed = size_of(g.files.console());
  if (g.status || !g.child) return look;
  PINRIG_CHECK(g.look_at_cpus(look));
  if (look.qemu_runs && look.status == "running") PINRIG_CHECK(g.ask_kernel(look));
  if (look.qemu_runs && cause) {
    PINRIG_TRY(made, dump(*cause, test));
    look.dump = std::move(made);
  }
  g.kill();
  const fs::path dir = g.files.dir / "last_look";
  if (look.answer > 0) PINRIG_CHECK(cut_off(g.files.console(), look.printed, dir / "sysrq.txt"));
  if (look.nmi > 0) PINRIG_CHECK(cut_off(g.files.console(), look.printed, dir / "nmi.txt"));
  return look;
}

}  // namespace pinrig::vm

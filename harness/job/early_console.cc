// SPDX-License-Identifier: GPL-2.0
#include "job/early_console.h"

#include <fmt/format.h>

#include <iterator>

#include "job/cut.h"
#include "job/outcome.h"
#include "job/raw_files.h"
#include "vm/guest.h"

namespace pinrig::job {
namespace {

using model::JobOutcome;

// How the second boot ended; nothing when it came up.
Result<std::optional<Ending>> boot_again(const model::JobSpec& job,
                                         const std::map<std::string, fs::path>& drives,
                                         const vm::GuestFiles& files, const CancelToken& cancel) {
  PINRIG_TRY(guest, vm::Guest::start(job, files, drives, cancel));
  PINRIG_TRY(hello, guest.hello());
  if (!hello.value) return std::optional(Ending{model::Phase::boot, "", hello.end, false});
  PINRIG_TRY(end, guest.power_off());
  return std::optional<Ending>();
}

}  // namespace

std::string early_console(model::Arch arch) {
  return arch == model::Arch::x86_64 ? "earlyprintk=ttyS0,115200" : "earlycon";
}

Result<void> ask_early_console(const model::JobSpec& job, const std::map<std::string, fs::path>& drives,
                               const fs::path& dir, const CancelToken& cancel, GuestJobResult& result) {
  const std::string parameter = early_console(job.arch);
  model::JobSpec again = job;
  again.tests.clear();
  again.machine.kernel_args.push_back(parameter);
  const vm::GuestFiles files{dir / "earlycon"};
  PINRIG_CHECK(make_dirs(files.dir));
  PINRIG_TRY(ending, boot_again(again, drives, files, cancel));
  JobOutcome& outcome = result.facts.outcome;
  if (!ending) {
    outcome.detail += fmt::format("; with {} it booted", parameter);
    return {};
  }
  PINRIG_TRY(log, read_console(files.console()));
  PINRIG_CHECK(cut_files(files));
  const JobOutcome second = outcome_of(*ending, log);
  if (second.kind == JobOutcome::Kind::cancelled) {
    outcome = second;
    return {};
  }
  // What it says then is why; a kernel that stays silent is left as it was.
  if (second.kind == JobOutcome::Kind::boot_failed) outcome.kind = second.kind;
  outcome.detail += fmt::format("; with {}: {}", parameter, second.detail);
  std::copy(log.events.begin(), log.events.end(), std::back_inserter(result.facts.events));
  return {};
}

}  // namespace pinrig::job

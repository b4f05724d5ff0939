// SPDX-License-Identifier: GPL-2.0
#include "job/loss.h"

#include <algorithm>

#include "base/text.h"
#include "job/raw_files.h"

namespace pinrig::job {
namespace {

using End = vm::GuestEnd::Kind;

bool has_fatal(const console::Log& log) {
  return std::any_of(log.events.begin(), log.events.end(), [](const auto& event) { return event.fatal; });
}

bool is_wanted(const Ending& e, bool panicked) {
  if (e.completed || e.retired) return true;
  // A guest that does not switch off was told to quit, and is gone before anybody could look at it; a PC
  // without ACPI is reset in order to switch off. One that panics meanwhile is held.
  if (e.phase == model::Phase::shutdown) return !(panicked && e.end.reset);
  return e.end.kind == End::cancelled || e.end.kind == End::disk_full || e.end.kind == End::too_much_output;
}

}  // namespace

std::optional<model::DumpCause> dump_cause(const Ending& e, bool panicked) {
  if (is_wanted(e, panicked)) return std::nullopt;
  if (e.end.reset || panicked) return model::DumpCause::crash;
  if (e.end.kind == End::hung) return model::DumpCause::hang;
  return std::nullopt;
}

Result<std::optional<vm::LastLook>> look_at(vm::Guest& guest, const Ending& e, const vm::GuestFiles& files,
                                            const model::DumpOrder* order) {
  const bool silent = e.end.kind == End::hung || e.end.kind == End::protocol;
  if (e.completed || e.retired || !(silent || e.end.reset)) return std::optional<vm::LastLook>();
  const bool asked = order != nullptr && !order->when.empty();
  bool panicked = false;
  if (asked || e.phase == model::Phase::shutdown) {
    // A panic that does not come to its reset looks like a hang.
    PINRIG_TRY(log, read_console(files.console()));
    panicked = has_fatal(log);
  }
  if (is_wanted(e, panicked)) return std::optional<vm::LastLook>();
  std::optional<model::DumpCause> cause;
  if (asked) cause = dump_cause(e, panicked);
  if (cause && !order->wants(*cause)) cause.reset();
  PINRIG_TRY(look, guest.last_look(cause, e.test));
  return std::optional(std::move(look));
}

std::string system_map_of(const model::JobSpec& job) {
  if (job.vmlinux.empty()) return "";
  auto text = read_file(fs::path(job.vmlinux).parent_path() / "System.map");
  return text.has_value() ? std::move(*text) : "";
}

model::LossFacts loss_facts(const Ending& e, const console::Log& log, const std::optional<vm::LastLook>& look,
                            std::string_view system_map) {
  model::LossFacts out;
  out.fatal_event = has_fatal(log);
  out.wanted = is_wanted(e, out.fatal_event);
  out.restarted = e.end.reset || e.end.kind == End::restarted;
  out.panic_event = e.end.panic_event;
  out.qemu_signal = e.end.signal;
  out.bad_messages = e.end.kind == End::protocol;
  out.in_test = e.phase == model::Phase::test;
  out.printed = log.line_count > 0 ? 1 : 0;
  if (!look || !look->qemu_runs) out.qemu = look && !e.end.reset ? "QEMU does not answer" : e.end.detail;
  if (!look) return out;
  out.qemu_runs = look->qemu_runs;
  out.stopped = look->status == "running" || e.end.reset ? "" : look->status;
  out.nmi = look->nmi;
  out.asked = look->asked;
  out.answer = look->answer;
  out.printed = look->printed;
  for (const auto& cpu : look->cpus) out.cpus.push_back(vm::describe(cpu, system_map));
  return out;
}

void add_loss(const verdict::LossJudgement& loss, model::JobOutcome& outcome) {
  if (loss.loss == model::Loss::none || outcome.kind == model::JobOutcome::Kind::cancelled) return;
  outcome.detail += std::string("; ") + words(loss.loss) + ": " + join(loss.evidence, ", ");
}

}  // namespace pinrig::job

// SPDX-License-Identifier: GPL-2.0
// From how a guest ended to the facts that verdict/loss.h judges.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "job/outcome.h"
#include "model/job.h"
#include "verdict/loss.h"

namespace pinrig::job {

/// Looks at a guest that does not answer, whose messages are none, or that died and is held by QEMU, before
/// it is killed; nothing for all others. Saves its memory where `order` says so; null: it was saved
/// before.
Result<std::optional<vm::LastLook>> look_at(vm::Guest& guest, const Ending& ending,
                                            const vm::GuestFiles& files, const model::DumpOrder* order);

/// What a guest that ended like this is dumped for; `panicked`: its console has a panic. Pure.
std::optional<model::DumpCause> dump_cause(const Ending& ending, bool panicked);

/// The text of the System.map next to the kernel of a job; empty when there is none.
std::string system_map_of(const model::JobSpec& job);

/// Pure. An end that pinrig caused (a full disk, a flood, an interruption) is no loss.
model::LossFacts loss_facts(const Ending& ending, const console::Log& log,
                            const std::optional<vm::LastLook>& look, std::string_view system_map);

/// Says in the outcome of a guest that did not answer which of the ways it was, and why.
void add_loss(const verdict::LossJudgement& loss, model::JobOutcome& outcome);

}  // namespace pinrig::job

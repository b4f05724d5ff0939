// SPDX-License-Identifier: GPL-2.0
// Where the frames of kernel reports are in the source, and which patch of the series wrote those lines.
#pragma once

#include <vector>

#include "coverage/coverage.h"
#include "run/inputs.h"

namespace pinrig::run {

/// Fills KernelEvent::lines from the kernel's vmlinux, and SourceLine::patch at a patched point. Does nothing
/// when no event has frames, or the kernel was built without debug information. Errors: infra, cancelled.
Result<void> locate_frames(const model::Kernel& kernel, const fs::path& vmlinux, const Sources& sources,
                           const Services& services, std::vector<model::KernelEvent>& events);

/// SourceLine::patch from the lines that each patch owns at the events' point.
void name_patches(const std::vector<coverage::Patch>& patches, std::vector<model::KernelEvent>& events);

}  // namespace pinrig::run

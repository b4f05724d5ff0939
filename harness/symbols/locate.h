// SPDX-License-Identifier: GPL-2.0
// The frames of a kernel's report as source lines.
#pragma once

#include "model/record.h"
#include "symbols/symbols.h"

namespace pinrig::symbols {

/// Fills KernelEvent::lines from the frames in KernelEvent::text. Patches are not known here.
void locate(const Vmlinux& vmlinux, model::KernelEvent& event);

}  // namespace pinrig::symbols

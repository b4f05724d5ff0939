// SPDX-License-Identifier: GPL-2.0
#include "run/locate.h"

#include <algorithm>

#include "run/coverage.h"
#include "symbols/locate.h"

namespace pinrig::run {

void name_patches(const std::vector<coverage::Patch>& patches, std::vector<model::KernelEvent>& events) {
  for (auto& event : events) {
    for (auto& line : event.lines) {
      for (const auto& p : patches) {
        const auto of_file = p.lines.find(line.file);
        if (of_file != p.lines.end() && of_file->second.contains(line.line)) line.patch = p.number;
      }
    }
  }
}

Result<void> locate_frames(const model::Kernel& kernel, const fs::path& vmlinux, const Sources& sources,
                           const Services& services, std::vector<model::KernelEvent>& events) {
  const auto framed = [](const model::KernelEvent& e) {
    return std::any_of(e.text.begin(), e.text.end(),
                       [](const auto& line) { return symbols::frame_in(line).size > 0; });
  };
  if (std::none_of(events.begin(), events.end(), framed)) return {};
  PINRIG_TRY(opened, symbols::Vmlinux::open(vmlinux));
  if (!opened.has_lines()) return {};
  for (auto& e : events) symbols::locate(opened, e);
  if (kernel.point.is_base() || sources.series.patches.empty()) return {};
  PINRIG_TRY(series, series_lines(sources, kernel.point.number, services));
  name_patches(series.patches, events);
  return {};
}

}  // namespace pinrig::run

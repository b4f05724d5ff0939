// SPDX-License-Identifier: GPL-2.0
#include "symbols/locate.h"

namespace pinrig::symbols {

void locate(const Vmlinux& vmlinux, model::KernelEvent& event) {
  event.lines.clear();
  for (std::size_t i = 0; i < event.text.size(); ++i) {
    const Frame frame = frame_in(event.text[i]);
    if (frame.size == 0) continue;
    for (auto& p : vmlinux.at(frame))
      event.lines.push_back(
          {static_cast<int>(i), std::move(p.function), std::move(p.file), p.line, p.inlined, 0});
  }
}

}  // namespace pinrig::symbols

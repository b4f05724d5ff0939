// SPDX-License-Identifier: GPL-2.0
#include "symbols/locate.h"

namespace pinrig::symbols {

void locate(const Vmlinux& vmlinux, model::KernelEvent& event) {
  event.lines.clear();
  Frame pc;  // arm64 up to 6.12 repeats it as the first frame, without the "(P)" of later kernels
  for (std::size_t i = 0; i < event.text.size(); ++i) {
    Frame frame = frame_in(event.text[i]);
    if (frame.size == 0) continue;
    if (!frame.returns) pc = frame;
    if (frame.offset == 0 && pc.offset == 0 && frame.function == pc.function) frame.returns = false;
    for (auto& p : vmlinux.at(frame))
      event.lines.push_back(
          {static_cast<int>(i), std::move(p.function), std::move(p.file), p.line, p.inlined, 0});
  }
}

}  // namespace pinrig::symbols

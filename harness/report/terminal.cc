// SPDX-License-Identifier: GPL-2.0
#include <utility>

#include "report/dump_text.h"
#include "report/holders.h"
#include "report/matrix.h"
#include "report/repeats.h"
#include "report/report.h"
#include "report/sections.h"
#include "report/table.h"

namespace pinrig::report {

Result<std::string> terminal(const store::Store& store, const store::RunRow& run, const Style& style) {
  PINRIG_TRY(data, load(store, run));
  return terminal(std::move(data), style);
}

std::string terminal(RunData data, const Style& style) {
  const Painter p(style);
  const auto d = digest(std::move(data));
  if (style.quiet) return summary(*d, p);
  // Of many points only what differs between them is of interest.
  const auto grid = [](const Digest& all, const Painter& painter) {
    const std::string matrix = matrix_text(all.data, painter);
    if (matrix.empty()) return table(all.data, painter);
    std::size_t in_matrix = 0;
    for (const auto& m : matrices(all.data)) in_matrix += m.points.size();
    const bool rest = in_matrix < all.data.kernels.size();
    return matrix + (rest || painter.style().verbose ? "\n" + table(all.data, painter) : "");
  };
  std::string out;
  for (std::string (*const section)(const Digest&, const Painter&) :
       {heading, +grid, outcomes, changes, patch_lines, unexpected, repeats, events, holders_text, dumps,
        notes, kernels, further, summary}) {
    const std::string text = section(*d, p);
    if (!out.empty() && !text.empty()) out += "\n";
    out += text;
  }
  return out;
}

}  // namespace pinrig::report

// SPDX-License-Identifier: GPL-2.0
#include "report/report.h"
#include "report/sections.h"
#include "report/table.h"

namespace pinrig::report {

Result<std::string> terminal(const store::Store& store, const store::RunRow& run, const Style& style) {
  PINRIG_TRY(data, load(store, run));
  return terminal(data, style);
}

std::string terminal(const RunData& data, const Style& style) {
  const Painter p(style);
  if (style.quiet) return summary(data, p);
  std::string out;
  for (const auto section :
       {heading, table, outcomes, changes, unexpected, events, notes, kernels, further, summary}) {
    const std::string text = section(data, p);
    if (!out.empty() && !text.empty()) out += "\n";
    out += text;
  }
  return out;
}

}  // namespace pinrig::report

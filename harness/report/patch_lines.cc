// SPDX-License-Identifier: GPL-2.0
#include "report/patch_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/sections.h"

namespace pinrig::report {
namespace {

using nlohmann::ordered_json;

ordered_json lines_json(const coverage::FileLines& lines) {
  auto out = ordered_json::object();
  for (const auto& [file, of_file] : lines) out[file] = coverage::to_ranges(of_file);
  return out;
}

}  // namespace

const coverage::KernelLines* lines_of(const RunData& data, const std::string& kernel) {
  if (!data.measured) return nullptr;
  const auto& all = data.measured->kernels;
  const auto it = std::find_if(all.begin(), all.end(), [&](const auto& k) { return k.kernel == kernel; });
  return it == all.end() ? nullptr : &*it;
}

std::vector<std::string> patch_texts(const RunData& data, const coverage::KernelLines& kernel) {
  std::vector<std::string> out;
  for (const auto& p : coverage::patch_coverage(*data.measured, kernel)) out.push_back(coverage::to_text(p));
  for (const auto& problem : kernel.problems) out.push_back("not counted: " + problem);
  return out;
}

ordered_json patches_json(const RunData& data, const coverage::KernelLines& kernel) {
  auto out = ordered_json::array();
  for (const auto& p : coverage::patch_coverage(*data.measured, kernel)) {
    auto lines = ordered_json::array();
    for (const auto& l : coverage::line_table(*data.measured, kernel, p.number))
      lines.push_back({{"lines", lines_json(l.lines)}, {"tests", l.tests}});
    out.push_back({{"number", p.number},
                   {"subject", p.subject},
                   {"ran", coverage::count(p.ran)},
                   {"changed", coverage::count(p.ran) + coverage::count(p.never)},
                   {"tests", p.tests},
                   {"never", lines_json(p.never)},
                   {"not_built", p.unbuilt},
                   {"lines", std::move(lines)}});
  }
  return out;
}

std::string patch_lines(const Digest& d, const Painter& p) {
  std::string out;
  for (const auto& k : d.data.kernels) {
    const auto* lines = lines_of(d.data, k.row.id);
    if (lines == nullptr) continue;
    out += p.bold(fmt::format("changed lines that ran, {}", column_name(k.row))) + "\n";
    for (const auto& text : patch_texts(d.data, *lines)) out += hanging(p, "  ", text);
    if (!p.style().verbose) continue;
    for (const auto& patch : d.data.measured->patches) {
      for (const auto& l : coverage::line_table(*d.data.measured, *lines, patch.number))
        out += hanging(p, fmt::format("    {}: ", patch.number), coverage::to_text(l));
    }
  }
  return out;
}

}  // namespace pinrig::report

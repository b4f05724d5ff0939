// SPDX-License-Identifier: GPL-2.0
#include "report/patch_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/report.h"
#include "report/sections.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

using nlohmann::ordered_json;

ordered_json lines_json(const coverage::FileLines& lines) {
  auto out = ordered_json::object();
  for (const auto& [file, of_file] : lines) out[file] = coverage::to_ranges(of_file);
  return out;
}

}  // namespace

Result<std::optional<coverage::RunCoverage>> measured_by(const store::RunRow& run) {
  const fs::path file = fs::path(run.dir) / "coverage.json";
  std::error_code ec;
  if (run.dir.empty() || !fs::exists(file, ec)) return std::optional<coverage::RunCoverage>();
  PINRIG_TRY(text, read_file(file));
  auto read = coverage::from_json(text);
  if (read.has_error()) return std::move(read).error().with_context(file.string());
  for (auto& p : read->patches) p.subject = clean(p.subject);
  return std::optional(std::move(*read));
}

const coverage::KernelLines* lines_of(const RunData& data, const std::string& kernel) {
  if (!data.measured) return nullptr;
  const auto& all = data.measured->kernels;
  const auto it = std::find_if(all.begin(), all.end(), [&](const auto& k) { return k.kernel == kernel; });
  return it == all.end() ? nullptr : &*it;
}

std::vector<std::string> not_counted(const coverage::KernelLines& kernel) {
  std::vector<std::string> out;
  for (const auto& [test, why] : kernel.not_counted) out.push_back(clean(test + ": " + why));
  return out;
}

std::vector<std::string> patch_texts(const RunData& data, const coverage::KernelLines& kernel) {
  std::vector<std::string> out;
  for (const auto& p : coverage::patch_coverage(*data.measured, kernel)) out.push_back(coverage::to_text(p));
  for (const auto& test : not_counted(kernel)) out.push_back("not counted: " + test);
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

Result<std::string> lines_run(const store::RunRow& run, int patch, model::Arch arch) {
  PINRIG_TRY(measured, measured_by(run));
  if (!measured) return std::string();
  for (const auto& k : measured->kernels) {
    if (k.arch != model::to_string(arch)) continue;
    for (const auto& p : coverage::patch_coverage(*measured, k)) {
      if (p.number == patch) return coverage::to_words(p);
    }
  }
  return std::string();
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

// SPDX-License-Identifier: GPL-2.0
#include "report/holders.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"

namespace pinrig::report {

using nlohmann::ordered_json;

Result<std::vector<holders::Finding>> holders_of(const store::RunRow& run) {
  const fs::path file = fs::path(run.dir) / "holders.json";
  std::error_code ec;
  if (run.dir.empty() || !fs::exists(file, ec)) return std::vector<holders::Finding>();
  PINRIG_TRY(text, read_file(file));
  auto read = holders::findings_from_json(text);
  if (read.has_error()) return std::move(read).error().with_context(file.string());
  for (auto& f : *read) {
    f.problem = clean(f.problem);
    for (auto& line : f.lines) line = clean(line);
  }
  return read;
}

std::string holders_text(const Digest& d, const Painter& p) {
  std::string out;
  for (const auto& f : d.data.holders) {
    out += "  " + p.bold(fmt::format("{} on {}", f.test, f.kernel)) + "\n";
    if (!f.problem.empty()) out += hanging(p, "    ", f.problem);
    for (const auto& line : f.lines) out += hanging(p, "    ", line);
    if (!f.file.empty()) out += "    " + p.dim("pages and stacks: ") + shell_quote(f.file) + "\n";
  }
  return out.empty() ? "" : p.bold("who holds the pins") + "\n" + out;
}

std::string holders_command(const Digest& d) {
  for (const auto& k : d.data.kernels) {
    for (const TestData* t : k.tests()) {
      if (t->row.verdict().verdict != model::Verdict::leak || model::is_harness_row(t->name())) continue;
      if (is_known_issue(t->row)) continue;  // why it leaks is known
      const bool traced = std::any_of(d.data.holders.begin(), d.data.holders.end(),
                                      [&](const auto& f) { return f.test == t->name(); });
      if (!traced)
        return shell_line({"pinrig", "repro", d.data.run.id, t->name(), "--kernel", k.row.id, "--holders"});
    }
  }
  return "";
}

ordered_json holders_json(const RunData& data) {
  auto out = ordered_json::array();
  for (const auto& f : data.holders) {
    auto report = ordered_json::parse(f.report, nullptr, false);
    if (report.is_discarded()) report = nullptr;
    out.push_back({{"test", f.test},
                   {"kernel", f.kernel},
                   {"problem", f.problem.empty() ? ordered_json(nullptr) : ordered_json(f.problem)},
                   {"summary", f.lines},
                   {"file", f.file.empty() ? ordered_json(nullptr) : ordered_json(f.file)},
                   {"report", std::move(report)}});
  }
  return out;
}

}  // namespace pinrig::report

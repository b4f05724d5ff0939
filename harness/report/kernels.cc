// SPDX-License-Identifier: GPL-2.0
#include "report/kernels.h"

#include <fmt/format.h>
#include <string.h>  // strverscmp

#include <algorithm>
#include <set>

#include "base/text.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

/// Those that differ are worth a look.
bool differ(const std::vector<std::string>& values) {
  std::set<std::string> known(values.begin(), values.end());
  known.erase("");
  return known.size() > 1;
}

std::string shown(const std::string& value) { return value.empty() ? "-" : value; }

}  // namespace

bool is_unpatched(const store::RunRow& run, const store::KernelRow& kernel) {
  return kernel.point.is_base() && !run.faults;
}

std::string note_column(std::vector<KernelColumn>& columns, const store::RunRow& run, model::Arch arch,
                        const std::string& release) {
  const std::string name = fmt::format("{} {}", run.base, model::to_string(arch));
  const auto it = std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
  if (it == columns.end())
    columns.push_back({name, release});
  else if (it->release.empty())
    it->release = release;
  return name;
}

void sort_columns(std::vector<KernelColumn>& columns) {
  std::sort(columns.begin(), columns.end(),
            [](const auto& a, const auto& b) { return strverscmp(a.name.c_str(), b.name.c_str()) < 0; });
}

std::string kernels_text(const std::vector<KernelColumn>& columns) {
  std::vector<std::string> out;
  for (const auto& c : columns) {
    const std::string text = fmt::format("{} is {}", c.name.substr(0, c.name.find(' ')),
                                         c.release.empty() ? "unknown" : c.release);
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
  }
  return "kernels: " + join(out, ", ");
}

Result<CapabilityTable> capability_table(const store::Store& store, const std::vector<store::RunRow>& runs) {
  CapabilityTable out;
  std::map<std::string, std::map<std::string, std::string>> found;  // column: name: value
  for (const auto& run : runs) {
    PINRIG_TRY(kernels, store.kernels(run.id));
    PINRIG_TRY(guests, store.guests(run.id));
    for (const auto& k : kernels) {
      if (!is_unpatched(run, k)) continue;
      for (const auto& g : guests) {
        if (g.kernel_id != k.id || g.capabilities.empty()) continue;
        auto& values = found[note_column(out.columns, run, k.arch, g.release)];
        for (const auto& [name, value] : g.capabilities) {
          // A probe that found nothing to try says nothing against a guest that had it.
          if (value != "unknown") values.emplace(clean(name), clean(value));
        }
      }
    }
  }
  sort_columns(out.columns);
  for (std::size_t c = 0; c < out.columns.size(); ++c) {
    for (const auto& [name, value] : found[out.columns[c].name]) {
      auto& line = out.lines[name];
      line.resize(out.columns.size());
      line[c] = value;
    }
  }
  return out;
}

std::string capabilities_terminal(const CapabilityTable& table, const Style& style) {
  const Painter p(style);
  std::size_t first = 10;
  std::vector<std::size_t> widths;
  for (const auto& c : table.columns) widths.push_back(c.name.size());
  for (const auto& [name, values] : table.lines) {
    first = std::max(first, width_of(name));
    for (std::size_t c = 0; c < values.size(); ++c) widths[c] = std::max(widths[c], width_of(values[c]));
  }
  std::string out = pad(p.bold("capability"), first);
  for (std::size_t c = 0; c < widths.size(); ++c) out += "  " + pad(p.bold(table.columns[c].name), widths[c]);
  out += "\n";
  for (const auto& [name, values] : table.lines) {
    std::string line = pad(name, first);
    for (std::size_t c = 0; c < values.size(); ++c)
      line += "  " + pad(differ(values) ? p.warn(shown(values[c])) : shown(values[c]), widths[c]);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out + "\n" + kernels_text(table.columns) + "\n";
}

std::string capabilities_markdown(const CapabilityTable& table) {
  std::string out = "| capability |";
  std::string rule = "|---|";
  for (const auto& c : table.columns) {
    out += fmt::format(" {} |", c.name);
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  for (const auto& [name, values] : table.lines) {
    out += fmt::format("| `{}` |", name);
    for (const auto& v : values) out += fmt::format(" {} |", escaped_cell(shown(v)));
    out += "\n";
  }
  return out + "\n" + kernels_text(table.columns) + "\n";
}

}  // namespace pinrig::report

// SPDX-License-Identifier: GPL-2.0
#include "report/dump_text.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pinrig::report {

std::vector<std::pair<std::string, std::string>> dump_fields(const model::Dump& d) {
  const std::string cause =
      model::to_string(d.cause) + (d.test.empty() ? std::string() : ", " + std::string(d.test));
  if (d.file.empty()) return {{"no dump", fmt::format("{}: {}", cause, d.problem)}};
  std::vector<std::pair<std::string, std::string>> out{
      {"dump", fmt::format("{} ({}; {} in {})", shell_quote(d.file), cause, human_bytes(d.bytes),
                           human_seconds(d.took_s))}};
  if (d.vmlinux.empty()) return out;
  out.emplace_back("crash", model::crash_command(d));
  out.emplace_back("drgn", model::drgn_command(d));
  if (!d.script.empty()) out.emplace_back("pins", model::pins_command(d));
  if (!d.debug_info)
    out.emplace_back("note", "this vmlinux has no DWARF: crash does not open it, drgn knows no types");
  return out;
}

std::string dump_text(const model::Dump& dump, const Painter& p) {
  std::string out;
  for (const auto& [name, value] : dump_fields(dump))
    out += "    " + p.dim(pad(name, 7)) + " " + shown(value) + "\n";
  return out;
}

std::string dumps(const Digest& d, const Painter& p) {
  std::string out;
  for (const auto& k : d.data.kernels) {
    for (const auto& g : k.guests) {
      for (const auto& a : g.attempts) {
        if (a.dump) out += "  " + p.bold(g.row.id) + "\n" + dump_text(*a.dump, p);
      }
    }
  }
  return out.empty() ? "" : p.bold("memory of guests") + "\n" + out;
}

}  // namespace pinrig::report

// SPDX-License-Identifier: GPL-2.0
#include "cli/list_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "plan/selector.h"

namespace pinrig::cli {
namespace {

using model::Needs;
using model::TestSpec;
using nlohmann::ordered_json;

std::vector<std::string> device_names(const Needs& n) {
  std::vector<std::string> out;
  for (const auto d : n.devices) out.emplace_back(model::to_string(d));
  return out;
}

std::string needs_text(const Needs& n) {
  std::vector<std::string> parts;
  const auto list = [&](const char* what, const std::vector<std::string>& items) {
    if (!items.empty()) parts.push_back(fmt::format("{} {}", what, join(items, " ")));
  };
  list("nvme", n.nvme);
  if (!n.fs.empty()) parts.push_back(n.fs + (n.fs_mib > 0 ? fmt::format(" of {}M", n.fs_mib) : ""));
  list("devices", device_names(n));
  if (n.hugepages_2m > 0) parts.push_back(count_of(static_cast<std::size_t>(n.hugepages_2m), "huge page"));
  if (n.swap_mib > 0) parts.push_back(fmt::format("{}M swap", n.swap_mib));
  if (n.memory_mib > 0) parts.push_back(fmt::format("{}M memory", n.memory_mib));
  if (n.cpus > 0) parts.push_back(count_of(static_cast<std::size_t>(n.cpus), "CPU"));
  if (n.numa_nodes > 0) parts.push_back(count_of(static_cast<std::size_t>(n.numa_nodes), "NUMA node"));
  if (n.rdma) parts.emplace_back("soft RDMA");
  list("kernel parameters", n.kernel_args);
  list("tools", n.tools);
  list("symbols", n.symbols);
  return join(parts, ", ");
}

std::string proof_text(const model::Proof& p) {
  const std::string reason = model::reason_text(p);
  return model::to_string(p) + (p.red.empty() ? "" : ": " + join(p.red, ", ")) +
         (reason.empty() ? "" : " (" + reason + ")");
}

std::string line(const char* what, const std::string& text) {
  return text.empty() ? "" : fmt::format("      {:<8} {}\n", what, text);
}

std::string marks(const TestSpec& t) {
  return std::string(t.destructive ? "destructive; " : "") +
         (t.known_long ? "takes minutes, runs only when named in full; " : "");
}

ordered_json needs_json(const Needs& n) {
  return {{"nvme", n.nvme},
          {"fs", n.fs},
          {"fs_mib", n.fs_mib},
          {"devices", device_names(n)},
          {"hugepages_2m", n.hugepages_2m},
          {"swap_mib", n.swap_mib},
          {"memory_mib", n.memory_mib},
          {"cpus", n.cpus},
          {"numa_nodes", n.numa_nodes},
          {"rdma", n.rdma},
          {"kernel_args", n.kernel_args},
          {"tools", n.tools},
          {"symbols", n.symbols}};
}

ordered_json test_json(const TestSpec& t) {
  ordered_json out{{"name", t.name},
                   {"what", t.what},
                   {"program", t.program},
                   {"limit_s", t.limit_s},
                   {"destructive", t.destructive},
                   {"known_long", t.known_long}};
  out["rows"] = t.rows;
  out["needs"] = needs_json(t.needs);
  out["proofs"] = ordered_json::array();
  for (const auto& p : t.proofs)
    out["proofs"].push_back({{"mutant", p.mutant},
                             {"base", p.base},
                             {"env", p.env},
                             {"red", p.red},
                             {"reason", model::reason_text(p)}});
  return out;
}

}  // namespace

Result<std::vector<model::Suite>> chosen_tests(std::vector<model::Suite> suites,
                                               const std::vector<std::string>& words) {
  if (words.empty()) return suites;
  auto known = plan::choices(suites);
  for (auto& c : known) c.only_by_name = false;
  PINRIG_TRY(selection, plan::select(words, {{}, "list tests"}, known));
  for (auto& s : suites)
    std::erase_if(s.tests, [&](const TestSpec& t) {
      return std::find(selection.tests.begin(), selection.tests.end(), t.name) == selection.tests.end();
    });
  std::erase_if(suites, [](const auto& s) { return s.tests.empty(); });
  return suites;
}

std::string tests_text(const std::vector<model::Suite>& suites) {
  std::string out;
  std::size_t tests = 0;
  std::size_t proofs = 0;
  for (const auto& s : suites) {
    out += fmt::format("{}: {}\n", s.name, s.title);
    for (const auto& t : s.tests) {
      out += fmt::format("  {:<32} {:>4g}s  {}{}\n", t.name, t.limit_s, marks(t), t.what);
      out += line("requires", needs_text(t.needs)) + line("covers", join(t.rows, " "));
      for (const auto& p : t.proofs) out += line("detects", proof_text(p));
      ++tests;
      proofs += t.proofs.empty() ? 0 : 1;
    }
  }
  return out + fmt::format("{} in {}, {} with a proof\n", count_of(tests, "test"),
                           count_of(suites.size(), "suite"), proofs);
}

std::string tests_json(const std::vector<model::Suite>& suites) {
  ordered_json out{{"format", "pinrig-tests"}, {"version", 1}, {"suites", ordered_json::array()}};
  for (const auto& s : suites) {
    ordered_json tests = ordered_json::array();
    for (const auto& t : s.tests) tests.push_back(test_json(t));
    out["suites"].push_back({{"suite", s.name}, {"title", s.title}, {"tests", tests}});
  }
  return out.dump(2) + "\n";
}

}  // namespace pinrig::cli

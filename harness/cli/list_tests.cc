// SPDX-License-Identifier: GPL-2.0
#include "cli/list_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace pinrig::cli {
namespace {

using model::Needs;
using model::TestSpec;
using nlohmann::ordered_json;

bool chosen(const TestSpec& t, const std::vector<std::string>& globs) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& g) {
           return glob_match(g,
                             g.find('/') == std::string::npos ? t.name.substr(0, t.name.find('/')) : t.name);
         });
}

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
  if (n.hugepages_2m > 0) parts.push_back(fmt::format("{} huge pages", n.hugepages_2m));
  if (n.swap_mib > 0) parts.push_back(fmt::format("{}M swap", n.swap_mib));
  if (n.memory_mib > 0) parts.push_back(fmt::format("{}M memory", n.memory_mib));
  if (n.cpus > 0) parts.push_back(fmt::format("{} CPUs", n.cpus));
  if (n.numa_nodes > 0) parts.push_back(fmt::format("{} NUMA nodes", n.numa_nodes));
  if (n.rdma) parts.emplace_back("soft RDMA");
  list("boot parameters", n.kernel_args);
  list("tools", n.tools);
  list("symbols", n.symbols);
  return join(parts, ", ");
}

std::string proof_text(const model::Proof& p) {
  if (p.empty()) return "";
  return model::to_string(p) + (p.red.empty() ? "" : ": " + join(p.red, ", "));
}

std::string line(const char* what, const std::string& text) {
  return text.empty() ? "" : fmt::format("      {:<7} {}\n", what, text);
}

std::string marks(const TestSpec& t) {
  return std::string(t.destructive ? "destructive; " : "") + (t.known_long ? "long, runs when named; " : "");
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
  if (t.proof.empty())
    out["proof"] = nullptr;
  else
    out["proof"] = {
        {"mutant", t.proof.mutant}, {"base", t.proof.base}, {"env", t.proof.env}, {"red", t.proof.red}};
  return out;
}

}  // namespace

std::string tests_text(const std::vector<model::Suite>& suites, const std::vector<std::string>& globs) {
  std::string out;
  std::size_t tests = 0;
  std::size_t proofs = 0;
  std::size_t shown = 0;
  for (const auto& s : suites) {
    std::string block;
    for (const auto& t : s.tests) {
      if (!chosen(t, globs)) continue;
      block += fmt::format("  {:<32} {:>4g}s  {}{}\n", t.name, t.limit_s, marks(t), t.what);
      block += line("needs", needs_text(t.needs)) + line("rows", join(t.rows, " ")) +
               line("red on", proof_text(t.proof));
      ++tests;
      proofs += t.proof.empty() ? 0 : 1;
    }
    if (block.empty()) continue;
    out += fmt::format("{}: {}\n{}", s.name, s.title, block);
    ++shown;
  }
  return out + fmt::format("{} tests in {} suites, {} with a proof\n", tests, shown, proofs);
}

std::string tests_json(const std::vector<model::Suite>& suites, const std::vector<std::string>& globs) {
  ordered_json out{{"format", "pinrig-tests"}, {"version", 1}, {"suites", ordered_json::array()}};
  for (const auto& s : suites) {
    ordered_json tests = ordered_json::array();
    for (const auto& t : s.tests) {
      if (chosen(t, globs)) tests.push_back(test_json(t));
    }
    if (!tests.empty()) out["suites"].push_back({{"suite", s.name}, {"title", s.title}, {"tests", tests}});
  }
  return out.dump(2) + "\n";
}

}  // namespace pinrig::cli

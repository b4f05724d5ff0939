// SPDX-License-Identifier: GPL-2.0
#include "cli/cover_facts.h"

#include <algorithm>
#include <array>
#include <set>

#include "prove/stored.h"
#include "spec/spec.h"

namespace pinrig::cli {
namespace {

/// Debugging that finds other bugs than the tests look for, and what decides which memory there is.
constexpr std::array options_that_matter{"DEBUG_VM",       "KASAN", "KFENCE",
                                         "UBSAN",          "KCSAN", "PROVE_LOCKING",
                                         "PREEMPT_RT",     "NUMA",  "TRANSPARENT_HUGEPAGE",
                                         "HUGETLB_PAGE",   "CMA",   "MEMORY_HOTPLUG",
                                         "FAIL_PAGE_ALLOC"};

bool has_line(const std::string& text, const std::string& line) {
  return text.starts_with(line) || text.find("\n" + line) != std::string::npos;
}

bool is_set(const std::string& config, const std::string& symbol) {
  return has_line(config, "CONFIG_" + symbol + "=y\n") || has_line(config, "CONFIG_" + symbol + "=m\n");
}

}  // namespace

void add_kernel_options(const std::vector<std::string>& configs, report::CoverFacts& facts) {
  if (configs.empty()) return;
  for (const char* symbol : options_that_matter) {
    const auto n =
        std::count_if(configs.begin(), configs.end(), [&](const auto& c) { return is_set(c, symbol); });
    if (n == 0) facts.without.emplace_back(symbol);
    if (n == static_cast<std::ptrdiff_t>(configs.size())) facts.with.emplace_back(symbol);
  }
}

const char* page_size_of(const std::string& config) {
  return is_set(config, "ARM64_64K_PAGES")   ? "64 KiB"
         : is_set(config, "ARM64_16K_PAGES") ? "16 KiB"
                                             : "4 KiB";
}

Result<void> add_proofs(const fs::path& project, const store::Store& store, const store::RunRow& run,
                        report::CoverFacts& facts) {
  PINRIG_TRY(suites, spec::load_all_suites(project));
  PINRIG_TRY(ran, report::tests_that_ran(store, run));
  PINRIG_TRY(all, prove::provable(suites, {}));
  std::erase_if(all, [&](const auto& o) { return !std::binary_search(ran.begin(), ran.end(), o.test); });
  if (all.empty()) return {};
  PINRIG_TRY(stored, prove::stored_runs(store));
  const auto weighed = prove::weigh_stored(all, stored);
  std::set<std::string> declared;
  std::set<std::string> proven;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& proof = all[i].proof;
    const std::string name =
        proof.env.empty() && !proof.mutant.empty() ? proof.mutant : model::to_string(proof);
    declared.insert(name);
    if (weighed[i].holds()) proven.insert(name);
  }
  facts.declared = declared.size();
  facts.proven.assign(proven.begin(), proven.end());
  return {};
}

}  // namespace pinrig::cli

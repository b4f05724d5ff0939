// SPDX-License-Identifier: GPL-2.0
#include "spec/schema.h"

namespace pinrig::spec {

namespace {

/// In the order of Section.
const std::vector<Schema> all{
    {Section::run,
     "Run",
     "a run",
     {"name", "series", "base", "points", "archs", "fragments", "configs", "machine", "suites", "quick",
      "accel", "selftests_from", "expect", "env"}},
    {Section::expectation,
     "Expectation",
     "an expectation",
     {"tests", "verdicts", "points", "archs", "reason", "required"}},
    {Section::base, "Base", "a kernel", {"name", "source"}},
    {Section::base_source, "Base: source", "source", {"debian", "git", "tarball"}},
    {Section::base_debian, "Base: source: debian", "debian", {"package", "suite"}},
    {Section::base_git, "Base: source: git", "git", {"url", "path", "rev"}},
    {Section::series, "Series", "a series", {"name", "title", "base", "patches", "expect", "capabilities"}},
    {Section::patches, "Series: patches", "patches", {"dir", "mbox", "git"}},
    {Section::patches_git, "Series: patches: git", "git", {"repo", "range"}},
    {Section::machine,
     "Machine",
     "a machine",
     {"name", "extends", "cpus", "memory", "nvme", "net", "hugepages_2m", "swap", "kernel_args"}},
    {Section::nvme_drive, "Machine: nvme", "an NVMe drive", {"serial", "nsid", "size", "iops", "fs"}},
    {Section::suite, "Suite", "a suite", {"suite", "title", "tests"}},
    {Section::test,
     "Suite: tests",
     "a test",
     {"name", "program", "args", "env", "format", "limit", "limit_plus", "needs", "claim", "pins_vary",
      "destructive", "known_long", "what", "rows", "proof"}},
    {Section::needs,
     "Suite: needs",
     "needs",
     {"nvme", "fs", "fs_size", "hugepages_2m", "swap", "rdma", "symbols", "devices", "kernel_args", "memory",
      "cpus", "numa_nodes", "tools"}},
    {Section::proof,
     "Suite: proof",
     "proof",
     {"mutant", "base", "env", "red", "verdict", "pages", "event", "rule"}},
    {Section::requirements,
     "Expectations of a kernel",
     "expectations",
     {"capabilities", "skips", "without", "kernels", "since", "until", "archs"}},
    {Section::allowed_skip,
     "Expectations of a kernel: skips",
     "a skip",
     {"tests", "without", "sometimes", "reason", "kernels", "since", "until", "archs"}},
    {Section::known_issue,
     "Known issue",
     "a known issue",
     {"tests", "without", "seen", "pages", "sometimes", "reason", "reference", "expires", "kernels", "since",
      "until", "archs"}},
    {Section::splat_policy, "Splat policy", "a splat policy", {"splats"}},
    {Section::splat,
     "Splat policy: splats",
     "a splat",
     {"allow", "deny", "title", "reason", "expires", "kernels", "since", "until", "archs"}},
    {Section::path_map, "Map", "the map", {"rows"}},
    {Section::path_row, "Map: rows", "a row", {"id", "what", "not_testable"}},
};

/// The same of the contract, which come after them.
const std::vector<Schema> of_contract{
    {Section::contract,
     "Contract",
     "the contract",
     {"suite", "title", "users", "common", "traits", "memory", "obligations"}},
    {Section::contract_common,
     "Contract: common",
     "common",
     {"env", "limit", "limit_plus", "needs", "claim", "destructive", "known_long"}},
    {Section::contract_trait, "Contract: traits", "a trait", {"name", "what"}},
    {Section::contract_memory, "Contract: memory", "a kind of memory", {"name", "what", "otherwise"}},
    {Section::contract_obligation,
     "Contract: obligations",
     "an obligation",
     {"name", "what", "asks", "otherwise", "memory", "others", "not_memory"}},
    {Section::contract_user,
     "Contract: a user",
     "a user",
     {"what", "rows", "traits", "not", "not_memory", "env", "limit", "limit_plus", "needs", "claim",
      "destructive", "known_long", "proof"}},
    {Section::night, "Night", "a night", {"until", "hours", "disk", "steps"}},
    {Section::night_step,
     "Night: steps",
     "a step",
     {"name", "run", "prove", "base", "archs", "tests", "env", "seed", "debug", "against"}},
};

/// The same of mutants, which come last.
const std::vector<Schema> of_mutants{
    {Section::mutation_files, "Files with mutants", "the files", {"files"}},
    {Section::equivalent_mutants, "Equivalent mutants", "equivalent mutants", {"mutants", "other_code"}},
    {Section::equivalent_mutant,
     "Equivalent mutants: mutants",
     "an equivalent mutant",
     {"file", "function", "operator", "line", "after", "argument"}},
    {Section::other_code,
     "Equivalent mutants: other_code",
     "code that handles no user memory",
     {"file", "function", "argument"}},
};

std::vector<Schema> joined(std::vector<Schema> a, const std::vector<Schema>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

const std::vector<Schema>& schemas() {
  static const std::vector<Schema> every = joined(joined(all, of_contract), of_mutants);
  return every;
}

const Schema& schema_of(Section section) { return schemas()[static_cast<std::size_t>(section)]; }

}  // namespace pinrig::spec

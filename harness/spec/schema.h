// SPDX-License-Identifier: GPL-2.0
// Every mapping that a YAML file can contain, with its keys: the readers accept exactly these, and
// harness/docs/reference.md documents exactly these (tests/reference_test.cc compares the two).
#pragma once

#include <string>
#include <vector>

namespace pinrig::spec {

enum class Section {
  run,
  expectation,
  base,
  base_source,
  base_debian,
  base_git,
  series,
  patches,
  patches_git,
  machine,
  nvme_drive,
  suite,
  test,
  needs,
  proof,
  requirements,
  allowed_skip,
  known_issue,
  splat_policy,
  splat,
  path_map,
  path_row,
  contract,
  contract_common,
  contract_trait,
  contract_memory,
  contract_obligation,
  contract_user,
  night,
  night_step,
  mutation_files,
  equivalent_mutants,
  equivalent_mutant,
  other_code,
};

struct Schema {
  Section section;
  std::string title;  ///< its heading in reference.md
  std::string what;   ///< in errors: "a run"
  std::vector<std::string> keys;
};

/// One for each Section, in the order of the enum.
const std::vector<Schema>& schemas();
const Schema& schema_of(Section section);

}  // namespace pinrig::spec

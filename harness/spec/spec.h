// SPDX-License-Identifier: GPL-2.0
// The YAML files of a project as values: the only user of yaml-cpp. Every error is file:line:column,
// the value, the rule and the nearest known key; nothing has been started when it is reported.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "model/contract.h"
#include "model/job.h"
#include "model/known.h"
#include "model/map.h"
#include "model/mutation.h"

namespace pinrig::spec {

/// configs/runs/NAME.yaml, or a path when `name` has a '/' or ends in ".yaml".
Result<model::RunSpec> load_run(const fs::path& project, const std::string& name);
/// kernels/NAME.yaml; relative paths inside are relative to the file.
Result<model::KernelBase> load_base(const fs::path& project, const std::string& name);
/// kernels/series/NAME/series.yaml; a path to a series.yaml or to its directory; or, with an empty base, an
/// mbox or patch file, a directory of patches, REPO:A..B. Relative paths count from the working directory.
Result<model::Series> load_series(const fs::path& project, const std::string& name);
/// What load_series() and load_run() were given, so that it means the same from another working directory:
/// paths become absolute, names of the project stay.
std::string lasting_series(const fs::path& project, const std::string& name);
std::string lasting_path(const std::string& name);
/// configs/machines/NAME.yaml; `extends: OTHER` takes missing keys from there (cycles are an error).
Result<model::Machine> load_machine(const fs::path& project, const std::string& name);
/// guest-tests/map.yaml, in its order.
Result<std::vector<model::MapRow>> load_map(const fs::path& project);
/// Every file of configs/expectations and of configs/known-issues, sorted by name.
Result<std::vector<model::Requirements>> load_all_requirements(const fs::path& project);
Result<std::vector<model::KnownIssue>> load_all_known_issues(const fs::path& project);
/// The entries of every file of configs/policy, in the order of the files' names; none without that folder.
Result<std::vector<model::SplatRule>> load_all_splat_rules(const fs::path& project);
/// Every guest-tests/NAME/suite.yaml, sorted by name; the rows that its tests name have to be in the map.
Result<std::vector<model::Suite>> load_all_suites(const fs::path& project);
/// The suite that has `users`, with the heads of its adapters; an empty contract when there is none.
Result<model::Contract> load_contract(const fs::path& project);
/// kernels/mutate/files.yaml and kernels/mutate/equivalent.yaml.
Result<model::MutationFiles> load_mutation_files(const fs::path& project);
Result<std::vector<model::EquivalentMutant>> load_equivalent_mutants(const fs::path& project);

}  // namespace pinrig::spec

// SPDX-License-Identifier: GPL-2.0
// Parts of run.json: where the sources came from, and what of this machine counts. Private to run.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "run/inputs.h"

namespace pinrig::run {

/// argv of this process and its working directory.
nlohmann::ordered_json command_json();
/// Name, kind of source (debian, git, tarball), and package, URL and revision, or path.
nlohmann::ordered_json base_json(const model::KernelBase& base);
/// Name, kind (mbox, directory, git), path or repository and range, and its series.yaml.
nlohmann::ordered_json series_json(const model::Series& series);
/// Every fragment of the plan and of its architectures: the SHA-256 of its content, null when there is none.
nlohmann::ordered_json fragments_json(const plan::Plan& plan, const fs::path& project);
/// SHA-256 over the sources of the guest programs; null when they cannot be read.
nlohmann::ordered_json guest_programs_json(const fs::path& project);
/// PINRIG_* and what a build sees (process::build_variables()).
nlohmann::ordered_json environment_json();
/// pinrig with the commit of its checkout ("unknown" when that is no repository), QEMU, make, and for the
/// host and each architecture gcc, as and ld; empty: not installed.
nlohmann::ordered_json versions_json(const std::vector<model::Arch>& archs, const Services& services);

}  // namespace pinrig::run

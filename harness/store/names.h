// SPDX-License-Identifier: GPL-2.0
// How the database stores enumerations and lists. Private to store.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/rows.h"

namespace pinrig::store {

/// LostRow lists as a column holds them; reading throws what nlohmann::json throws.
std::string lost_to_json(const std::vector<model::LostRow>& lost);
std::vector<model::LostRow> lost_from_json(const std::string& text);
std::string splats_to_json(const std::vector<model::Splat>& splats);
std::vector<model::Splat> splats_from_json(const std::string& text);
std::string lines_to_json(const std::vector<model::SourceLine>& lines);
std::vector<model::SourceLine> lines_from_json(const std::string& text);

/// The same of UnbuiltFile lists.
std::string unbuilt_to_json(const std::vector<model::UnbuiltFile>& files);
std::vector<model::UnbuiltFile> unbuilt_from_json(const std::string& text);

std::optional<RunState> run_state_from_string(const std::string& word);
std::optional<KernelState> kernel_state_from_string(const std::string& word);

}  // namespace pinrig::store

// SPDX-License-Identifier: GPL-2.0
// What the --dump of `run` and of `repro` have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "model/dump.h"

namespace pinrig::cli {

using Words = std::vector<std::string>;

/// Refuses what is no cause, with those that are.
CLI::Validator dump_cause();
/// Puts the words of --dump into `order`, which has to outlive the parsing.
std::function<void(const Words&)> dump_causes_into(model::DumpOrder& order);

inline constexpr int max_dump_mib = 1 << 20;
inline constexpr const char* dump_text =
    "Save a guest's memory for crash and drgn, once per guest: on-crash, on-leak, on-hang (separated by "
    "commas, or repeated)";
inline constexpr const char* dump_limit_text = "MiB; guests with more memory are not dumped";

}  // namespace pinrig::cli

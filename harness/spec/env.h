// SPDX-License-Identifier: GPL-2.0
// Variables of the environment. Private to spec.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/suite.h"
#include "spec/reader.h"

namespace pinrig::spec {

/// The name of one.
std::string read_variable(Reader& r, const Node& n, const std::string& key);
/// env: of a test or a proof.
std::map<std::string, std::string> read_env(Reader& r, const Node& n);
/// env: of a run, by test. Whether these tests exist is checked by code that knows the suites.
std::vector<model::TestEnv> read_test_envs(Reader& r, const Node& n);

}  // namespace pinrig::spec

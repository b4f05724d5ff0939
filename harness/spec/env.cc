// SPDX-License-Identifier: GPL-2.0
#include "spec/env.h"

namespace pinrig::spec {

std::string read_variable(Reader& r, const Node& n, const std::string& key) {
  if (n.text.empty() || n.text.find_first_of("= ") != std::string::npos)
    r.fail(n, fmt::format("{}: '{}' is not a variable name", key, n.text));
  return n.text;
}

std::map<std::string, std::string> read_env(Reader& r, const Node& n) {
  std::map<std::string, std::string> out;
  if (n.kind != Node::Kind::map) {
    r.fail(n, "env: expected a mapping of NAME: VALUE");
    return out;
  }
  for (std::size_t i = 0; i < n.keys.size() && r.ok(); ++i) {
    const std::string name = read_variable(r, n.keys[i], "env");
    out[name] = r.text(n.items[i], name);
  }
  return out;
}

std::vector<model::TestEnv> read_test_envs(Reader& r, const Node& n) {
  std::vector<model::TestEnv> out;
  if (n.kind != Node::Kind::map) {
    r.fail(n, "env: expected a mapping of SUITE/TEST: {NAME: VALUE}");
    return out;
  }
  for (std::size_t i = 0; i < n.keys.size() && r.ok(); ++i)
    out.push_back({n.keys[i].text, read_env(r, n.items[i]), r.where(n.keys[i])});
  return out;
}

}  // namespace pinrig::spec

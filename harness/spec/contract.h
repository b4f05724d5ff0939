// SPDX-License-Identifier: GPL-2.0
// The suite that is a matrix: users x obligations x memory. Private to spec.
#pragma once

#include <string>

#include "model/contract.h"
#include "spec/test_keys.h"

namespace pinrig::spec {

/// A suite.yaml with `users` is the contract.
bool says_contract(const Node& root);

/// The keys of the contract and its users; their tests are added to `suite`, which has its name.
model::Contract read_contract(Reader& r, const Fields& f, const Project& project, model::Suite& suite);

/// The head of an adapter: the user goes to `contract.users`, and `test`, which has what is common to all
/// users, gets what is its own.
Result<void> read_user(const fs::path& file, const Project& project, model::Contract& contract,
                       model::TestSpec& test);

/// The names that `list` has, for errors.
template <typename T>
std::vector<std::string> names_of(const std::vector<T>& list) {
  std::vector<std::string> out;
  for (const auto& item : list) out.push_back(item.name);
  return out;
}

/// An error at n, "key: no WHAT 'x'", unless its text is one of `known`, which `home` declares.
void check_known(Reader& r, const Node& n, const std::string& key, const std::string& what,
                 const std::vector<std::string>& known, const std::string& home);

/// `key: {NAME: "why"}`, with names that `known` has.
std::map<std::string, std::string> read_reasons(Reader& r, const Node& n, const std::string& key,
                                                const std::string& what,
                                                const std::vector<std::string>& known);

/// `key: [NAME]`, with names that `known` has, each once.
std::vector<std::string> read_known(Reader& r, const Node& n, const std::string& key, const std::string& what,
                                    const std::vector<std::string>& known);

}  // namespace pinrig::spec

// SPDX-License-Identifier: GPL-2.0
// Did the kernel's configuration step give every symbol what the fragments asked for, and if not, why?
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "kconfig/fragment.h"
#include "kconfig/tree.h"

namespace pinrig::kconfig {

/// A request that does not hold.
struct Failure {
  Wanted wanted;
  std::string got;                 ///< value in the effective .config, "n" when it has none
  bool undefined = false;          ///< the tree's Kconfig has no such symbol
  std::string near;                ///< of an undefined one: the most similar known symbol
  std::string depends;             ///< the whole condition, as Kconfig has it
  std::vector<std::string> unmet;  ///< its parts that are not satisfied: "NET_CORE (n)"
  std::string note;                ///< other obstacles: no prompt, a choice, a select
  /// Lines that let it hold: what is unmet, and what that depends on in turn.
  std::vector<std::string> to_add;
};

using Config = std::map<std::string, std::string>;

/// Symbols whose value differs from the requested one: cheap, needs no tree. An absent symbol is n.
std::vector<Wanted> differing(const Request& request, const Config& effective);

/// Requests for n that the .config does not mention: met, if the symbol exists at all.
std::vector<Wanted> unmentioned(const Request& request, const Config& effective);

/// Why they differ; without requests declared optional and unmentioned ones that the tree knows.
std::vector<Failure> explain(const std::vector<Wanted>& suspects, const Config& effective, const Tree& tree);

/// One paragraph per failure: "FILE:LINE: CONFIG_X=y became n: ...".
std::string to_string(const Failure& f, const std::string& kernel);

/// Everything above as one Error (bad_input), with the lines to add to the fragments.
Error config_error(const std::vector<Failure>& failures, const std::string& kernel, Version version);

}  // namespace pinrig::kconfig

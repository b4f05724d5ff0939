// SPDX-License-Identifier: GPL-2.0
// What the tests of a kernel found it to be able to do, against what is known of it.
#include <fmt/format.h>

#include <algorithm>

#include "assess/rows.h"

namespace pinrig::assess {
namespace {

using Capabilities = std::map<std::string, std::string>;

/// The test that probes the capabilities that several tests use, and prints "unknown" for what it cannot
/// probe. Others report those they use, and those that they alone use.
constexpr const char* capability_test = "pins/capabilities";

/// A probe that could not be carried out prints "unknown", and its case says why.
const std::string* reported(const Capabilities& found, const std::string& name) {
  const auto it = found.find(name);
  return it == found.end() || it->second == "unknown" ? nullptr : &it->second;
}

/// What all guests of a kernel reported; "unknown" only where none found out.
Capabilities capabilities_of(const KernelFacts& kernel) {
  Capabilities out;
  for (const auto& g : kernel.guests) {
    for (const auto& [name, value] : g.capabilities) {
      const auto [it, fresh] = out.emplace(name, value);
      if (!fresh && it->second == "unknown") it->second = value;
    }
  }
  return out;
}

/// Two guests of one kernel that found different things: one of the tests does not test what it says.
std::vector<std::string> contradictions(const KernelFacts& kernel) {
  std::vector<std::string> out;
  std::map<std::string, std::pair<std::string, std::string>> first;
  for (const auto& g : kernel.guests) {
    for (const auto& [name, value] : g.capabilities) {
      if (value == "unknown") continue;
      const auto [it, fresh] = first.emplace(name, std::make_pair(value, g.id));
      if (fresh || it->second.first == value) continue;
      out.push_back(fmt::format("capability {}: {} in guest {}, {} in guest {}", name, it->second.first,
                                it->second.second, value, g.id));
    }
  }
  return out;
}

/// Without a requirement nobody would notice a path that changes what it does.
std::vector<std::string> unnamed(const Capabilities& found, const Capabilities& required,
                                 const Capabilities& stated) {
  std::vector<std::string> out;
  for (const auto& [name, value] : found) {
    if (value == "unknown" || required.contains(name) || stated.contains(name)) continue;
    out.push_back(
        fmt::format("capability {}: {} was found, and no file of configs/expectations that covers "
                    "this kernel requires a value: add it there",
                    name, value));
  }
  return out;
}

/// On a base that no file covers, the base itself is what its patches are held to. Tests judge by what they
/// find, so a path that takes plain references since a patch passes all of them.
std::vector<std::string> changed(const Capabilities& found, const Capabilities& required,
                                 const Capabilities& stated, const KernelFacts& reference, bool same) {
  std::vector<std::string> out;
  const auto before = capabilities_of(reference);
  for (const auto& [name, value] : found) {
    const std::string* old = reported(before, name);
    if (old == nullptr || value == "unknown" || value == *old || (value == "pin" && !same)) continue;
    if (required.contains(name) || stated.contains(name)) continue;
    out.push_back(
        fmt::format("capability {}: {} on {}, {} here: if the series intends this, state it in "
                    "`capabilities:` of its series.yaml",
                    name, *old, reference.id, value));
  }
  return out;
}

void append(std::vector<std::string>& out, const std::vector<std::string>& more) {
  out.insert(out.end(), more.begin(), more.end());
}

}  // namespace

std::vector<std::string> check_capabilities(const Capabilities& required, const Capabilities& found,
                                            bool complete) {
  std::vector<std::string> out;
  for (const auto& [name, value] : required) {
    const std::string* seen = reported(found, name);
    if (seen == nullptr && complete)
      out.push_back(fmt::format("capability {}: {} is required, and no test reported it", name, value));
    else if (seen != nullptr && *seen != value)
      out.push_back(fmt::format("capability {}: {} is required, {} was found", name, value, *seen));
  }
  return out;
}

std::vector<std::string> unmet_capabilities(const KernelFacts& kernel, const Knowledge& known,
                                            const Rulebook& rules, const KernelFacts* reference) {
  const auto found = capabilities_of(kernel);
  // Patches may change the capabilities of a kernel on purpose; other capabilities are still required, if
  // they could be probed.
  auto required = known.capabilities;
  const Capabilities stated = kernel.is_patched() ? rules.capabilities : Capabilities{};
  for (const auto& [name, value] : stated) required.erase(name);
  auto out = check_capabilities(required, found, false);
  if (kernel.is_tip) {
    const bool complete = std::any_of(kernel.guests.begin(), kernel.guests.end(), [](const auto& g) {
      return std::find(g.tests.begin(), g.tests.end(), capability_test) != g.tests.end();
    });
    for (const auto& [name, value] : rules.capabilities) {
      // Tests of their own report what that test does not probe, and this run need not have them; a name that
      // no file knows may be misspelt.
      const bool due = complete && (found.contains(name) || !known.capabilities.contains(name));
      append(out, check_capabilities({{name, value}}, found, due));
    }
  }
  if (known.covered)
    append(out, unnamed(found, required, stated));
  else if (reference != nullptr)
    append(out, changed(found, required, stated, *reference, rules.same));
  append(out, contradictions(kernel));
  return out;
}

}  // namespace pinrig::assess

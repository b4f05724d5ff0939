// SPDX-License-Identifier: GPL-2.0
#include "model/known.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pinrig::model {
namespace {

/// "6.12.117-pinrig" is 6, 12, 117.
std::vector<int> numbers_of(const std::string& version) {
  std::vector<int> out;
  const char* at = version.data();
  const char* const end = at + version.size();
  for (int n = 0; at < end;) {
    const auto [next, ec] = std::from_chars(at, end, n);
    if (ec != std::errc()) break;
    out.push_back(n);
    if (next == end || *next != '.') break;
    at = next + 1;
  }
  return out;
}

}  // namespace

int compare_versions(const std::string& version, const std::string& limit) {
  auto have = numbers_of(version);
  const auto want = numbers_of(limit);
  have.resize(want.size(), 0);
  return have < want ? -1 : have > want ? 1 : 0;
}

bool KernelRange::covers(const std::string& base, const std::string& version, Arch arch) const {
  const auto named = [&](const std::string& glob) { return glob_match(glob, base); };
  return (bases.empty() || std::any_of(bases.begin(), bases.end(), named)) &&
         (archs.empty() || std::find(archs.begin(), archs.end(), arch) != archs.end()) &&
         (since.empty() || compare_versions(version, since) >= 0) &&
         (until.empty() || compare_versions(version, until) <= 0);
}

}  // namespace pinrig::model

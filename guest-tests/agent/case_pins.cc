// SPDX-License-Identifier: GPL-2.0
#include "case_pins.h"

#include <algorithm>

namespace pinrig::agent {
namespace {

/// A test that leaks in each of its cases need not have all of them named.
constexpr std::size_t most_named = 32;
constexpr std::size_t most_readings = 1 << 16;

}  // namespace

bool CasePins::feed(std::string_view piece) {
  const int before = results_;
  for (const char c : piece) {
    if (c == '\n') {
      const std::string_view start(start_, std::min(column_, sizeof start_));
      results_ += start.starts_with("ok ") || start.starts_with("not ok ") ? 1 : 0;
      column_ = 0;
      continue;
    }
    if (column_ < sizeof start_) start_[column_] = c;
    ++column_;
  }
  return results_ > before;
}

void CasePins::note(std::int64_t balance) {
  if (readings_.size() < most_readings) readings_.push_back({results_, balance});
}

std::vector<wire::CaseLeft> CasePins::left(std::int64_t last) const {
  std::vector<std::int64_t> kept(readings_.size());
  for (std::size_t i = readings_.size(); i-- > 0;) {
    last = std::min(last, readings_[i].balance);
    kept[i] = last;
  }
  std::vector<wire::CaseLeft> out;
  for (std::size_t i = 1; i < readings_.size() && out.size() < most_named; ++i) {
    if (kept[i] > kept[i - 1])
      out.push_back({readings_[i - 1].results + 1, readings_[i].results, kept[i] - kept[i - 1]});
  }
  return out;
}

}  // namespace pinrig::agent

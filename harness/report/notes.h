// SPDX-License-Identifier: GPL-2.0
// Numbered notes below a table. Private to report.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace pinrig::report {

/// Notes by number, each once.
class Notes {
 public:
  int number(const std::string& text) {
    const auto it = std::find(texts_.begin(), texts_.end(), text);
    if (it != texts_.end()) return static_cast<int>(it - texts_.begin()) + 1;
    texts_.push_back(text);
    return static_cast<int>(texts_.size());
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
};

}  // namespace pinrig::report

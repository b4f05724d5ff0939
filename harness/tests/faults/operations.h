// SPDX-License-Identifier: GPL-2.0
// What pinrig writes: each operation with what it begins with, and what must hold however it ended.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/file.h"

namespace pinrig::faults {

struct Operation {
  std::string name;
  std::string injected;  ///< what is going on
  std::string survives;
  bool durable = false;  ///< what it made has to be whole after a power cut as well
  std::function<void(const fs::path& dir)> prepare;
  std::function<Result<void>(const fs::path& dir)> act;
  /// The old state or the new one, and nothing else; the new one when it `succeeded`.
  std::function<void(const fs::path& dir, bool succeeded)> check;
};

std::vector<Operation> operations();
/// Of the store and the record of a run.
std::vector<Operation> store_operations();

}  // namespace pinrig::faults

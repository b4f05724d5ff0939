// SPDX-License-Identifier: GPL-2.0
// Room for CPUs that are held: what must go on runs on CPU 0.
#pragma once

#include <sched.h>

#include <string>
#include <utility>
#include <vector>

namespace pinrig::agent {

/// A CPU that the host holds answers no interrupt and runs nothing. The agent, the interrupts of the devices
/// and the kernel's work that is bound to no CPU move to CPU 0 before the first is held, and back at the end.
class Aside {
 public:
  Aside() = default;
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;
  ~Aside();
  void step_aside();

 private:
  bool aside_ = false;
  cpu_set_t own_ = {};
  std::vector<std::pair<std::string, std::string>> files_;  ///< path and what it held
};

}  // namespace pinrig::agent

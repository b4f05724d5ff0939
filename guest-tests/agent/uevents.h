// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <functional>

#include "base/unique_fd.h"

namespace pinrig::agent {

/// The kernel's announcements of devices: used to wait for a device node without sleeping.
class Uevents {
 public:
  /// Checks at once, and again after every event, until `there` is true or `limit_ms` has passed.
  bool wait_until(const std::function<bool()>& there, double limit_ms);

 private:
  void listen();
  void drain();
  UniqueFd fd_;
};

}  // namespace pinrig::agent

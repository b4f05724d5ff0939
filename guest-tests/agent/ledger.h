// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "settle.h"
#include "wire/messages.h"

namespace pinrig::agent {

/// The kernel's pin counters, folded and settled. Keeps its files open: a test may unmount /proc.
class Ledger : private Gauge {
 public:
  Ledger();
  /// Whether this kernel counts pins.
  bool available();
  void set_cap_ms(double ms) { cap_ms_ = ms; }

  /// Before a test: until nothing is left of what ran before.
  wire::Sample before();
  /// After it: until the balance is at one of `targets` and stays there, or stands still elsewhere.
  wire::Sample after(const std::vector<std::int64_t>& targets);

 private:
  std::optional<Pins> read() override;
  double now_ms() override;
  void pause(double ms) override;
  wire::Sample sample(const SettleRule& rule);

  UniqueFd refresh_;
  UniqueFd vmstat_;
  UniqueFd meminfo_;
  UniqueFd tainted_;
  std::string text_;  ///< of the last read of vmstat
  double cap_ms_ = 2000;
  std::optional<Standing> standing_;
};

}  // namespace pinrig::agent

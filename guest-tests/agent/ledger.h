// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "settle.h"
#include "wire/messages.h"

namespace pinrig::agent {

/// What a sample contains in addition to the pins.
enum class Extent {
  pins,
  everything,  ///< events, memory, taint
};

/// The kernel's pin counters, folded and settled. Keeps its files open: a test may unmount /proc.
class Ledger : private Gauge {
 public:
  Ledger();
  /// Whether this kernel counts pins.
  bool available();
  /// Notes the current pins and the time: a wait that finds them unchanged counts from here.
  void look();
  /// What is pinned now, folded, and not settled; 0 on a kernel that does not count.
  std::int64_t balance();
  /// Longest wait for the balance to settle.
  void set_cap_ms(double ms) { cap_ms_ = ms; }
  double cap_ms() const { return cap_ms_; }

  /// Before a test: until the effects of earlier tests have settled.
  wire::Sample before(Extent extent = Extent::everything);
  /// After it: until the balance is at one of `targets` and stays there, or stops changing elsewhere.
  wire::Sample after(const std::vector<std::int64_t>& targets, Extent extent = Extent::everything);

 private:
  std::optional<Pins> read() override;
  double now_ms() override;
  void pause(double ms) override;
  void stand(const Pins& pins);
  wire::Sample sample(const SettleRule& rule, Extent extent);

  UniqueFd refresh_;
  UniqueFd vmstat_;
  UniqueFd meminfo_;
  UniqueFd tainted_;
  std::string text_;  ///< of the last read of vmstat
  double cap_ms_ = 2000;
  std::optional<Standing> standing_;
};

}  // namespace pinrig::agent

// SPDX-License-Identifier: GPL-2.0
// What the store has of many runs at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/rows.h"

namespace pinrig::store {

struct BaselineRow {
  std::string name;
  std::string run_id;
  std::string created;  ///< ISO 8601, UTC; set when it is written
  std::string note;
};

/// A guest with what matters of its kernel. A kernel without a guest is one with `guest` = 0.
struct GuestColumn {
  std::size_t run = 0;  ///< index into the runs that were asked for
  std::int64_t guest = 0;
  std::string kernel_id;
  int point = 0;
  std::string label;
  bool is_tip = false;
  model::Arch arch = model::Arch::x86_64;
  model::KernelConfig config;
  KernelState state = KernelState::planned;
  std::string failure;
  std::string version;
  std::string key;
  std::string accel;
};

struct MarkRow {
  std::uint32_t name = 0;  ///< index into NightRows::names
  model::Verdict verdict = model::Verdict::missing;
  std::optional<model::Rule> rule;
};

struct NameRow {
  std::string test;
  std::string case_name;
};

struct NightRows {
  std::vector<NameRow> names;               ///< by test and case
  std::vector<GuestColumn> guests;          ///< by run, in the order of its plan
  std::vector<std::vector<MarkRow>> marks;  ///< of each guest
};

/// Numbers of a test in a guest.
struct MeasureRow {
  std::int64_t guest = 0;
  std::string test;
  double wall_s = 0;
  int cases = 0;
  std::optional<model::PinLedger> ledger;
};

struct HistoryRow {
  std::int64_t guest = 0;
  model::AssessedResult row;
};

}  // namespace pinrig::store

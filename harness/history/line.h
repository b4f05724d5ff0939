// SPDX-License-Identifier: GPL-2.0
// A line of nights: runs of one run file, base and series, night by night. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "history/cell.h"
#include "model/kernel.h"

namespace pinrig::history {

/// What has to be equal before two runs can be compared at all.
struct LineKey {
  std::string spec;
  std::string base;
  std::string series;
  std::string selection;  ///< options that choose tests; a run of one suite is no night
  auto operator<=>(const LineKey&) const = default;
};
/// "the base is debian-6.1 there and debian-6.12 here"; empty when nothing differs.
std::string difference(const LineKey& there, const LineKey& here);

struct Night {
  std::string run_id;
  std::string started;  ///< for people: nights are in the order in which they began, also if the clock jumps
  int exit_code = 0;
};

/// A kernel of a run, by what it is and not by its name.
struct ColumnKey {
  std::string point;  ///< "base", "tip", "3"
  model::Arch arch = model::Arch::x86_64;
  std::string config;
  std::vector<std::string> fragments;  ///< page size, KASAN, lockdep and all else that is configured
  auto operator<=>(const ColumnKey&) const = default;
};
std::string to_string(const ColumnKey& key);  ///< "tip x86_64 kasan"

/// A column on one night.
struct Built {
  bool planned = false;
  std::string id;            ///< "tip-x86_64"
  std::string version;       ///< `make kernelversion`
  std::string key;           ///< of the kernel: equal means the same kernel
  std::string failure;       ///< why it was not built; empty: it was
  std::string accel;         ///< empty: no guest of it started
  int tests = 0;             ///< with a usable verdict
  int red = 0;               ///< of them
  bool broken = false;       ///< a guest with more than a quarter of its tests red: its verdicts say nothing
  bool other_accel = false;  ///< not that of the newest night: not compared
};

struct RowName {
  std::string test;
  std::string case_name;  ///< empty: the test itself
  auto operator<=>(const RowName&) const = default;
};
std::string to_string(const RowName& name);  ///< "suite/test:case"

struct Column {
  ColumnKey key;
  std::vector<Built> nights;  ///< one for each night
  std::vector<Cell> cells;    ///< of each name, one for each night
};

/// Newest night first, everywhere.
struct Line {
  LineKey key;
  std::vector<Night> nights;
  std::vector<RowName> names;
  std::vector<Column> columns;

  std::span<const Cell> row(std::size_t column, std::size_t name) const {
    return std::span(columns[column].cells).subspan(name * nights.size(), nights.size());
  }
};

/// A row of one guest.
struct Mark {
  std::uint32_t name = 0;  ///< index into the names
  model::Verdict verdict = model::Verdict::missing;
  std::optional<model::Rule> rule;
};
/// What a guest of a column left on a night.
struct GuestMarks {
  std::size_t night = 0;
  std::size_t column = 0;
  std::vector<Mark> marks;
};

/// Tests that a guest has at least before a quarter of them being red makes it a broken kernel.
inline constexpr int least_tests = 8;

/// Fills the cells of a line whose nights, names and columns (with their `nights`) are there. Of rows with
/// equal names in several guests the one that counts most stays.
void fill(Line& line, const std::vector<GuestMarks>& guests);

}  // namespace pinrig::history

// SPDX-License-Identifier: GPL-2.0
// From the columns of a statement to values. Private to store.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/record.h"
#include "store/database.h"
#include "store/names.h"

namespace pinrig::store {

/// Hands out a row's columns one after the other.
class Columns {
 public:
  explicit Columns(SQLite::Statement& s) : s_(s) {}
  SQLite::Column next() { return s_.getColumn(n_++); }
  std::string text() { return next().getString(); }
  int whole() { return next().getInt(); }
  std::int64_t big() { return next().getInt64(); }
  double real() { return next().getDouble(); }
  bool truth() { return next().getInt() != 0; }
  template <typename T>
  T json() {
    return nlohmann::json::parse(text()).get<T>();
  }

 private:
  SQLite::Statement& s_;
  int n_ = 0;
};

template <typename T>
T known_word(const std::optional<T>& value, const std::string& word, const char* column) {
  if (!value) throw std::runtime_error(fmt::format("'{}' in {} is unknown to this pinrig", word, column));
  return *value;
}

inline constexpr const char* run_columns =
    "SELECT id, spec, base, series, faults, purpose, started, finished, state, exit_code, dir, host, resumed,"
    " selection FROM runs ";

/// A row of run_columns. Throws for a word that this pinrig does not know.
RunRow read_run(SQLite::Statement& s);

/// ledger to claim_skew; nothing: the test has none.
std::optional<model::PinLedger> read_ledger(Columns& c);

/// Of results r, in the order in which read_result() reads them.
inline constexpr const char* result_columns =
    "r.test, r.case_name, r.verdict, r.detail, diagnostics, line, foreseen, r.wall_s, numbers, ledger,"
    " acquired_before, released_before, acquired_after, released_after, settled_before, settled_after,"
    " settle_ms, claim_mode, claim_pages, claim_skew, taint_before, taint_after, r.counters, own, splats,"
    " apart, r.rule, rule_reason, rule_reference";
/// `c` stands at the first of result_columns.
model::AssessedResult read_result(Columns& c);

/// All rows of a statement whose parameters are bound already.
template <typename Row, typename Read>
std::vector<Row> all_rows(SQLite::Statement& s, Read read) {
  std::vector<Row> out;
  while (s.executeStep()) out.push_back(read(s));
  return out;
}

}  // namespace pinrig::store

// SPDX-License-Identifier: GPL-2.0
// From values to the parameters of a statement. Private to store.
#pragma once

#include <string>

#include "store/database.h"

namespace pinrig::store {

/// Binds a row's values in the order of its question marks.
class Binder {
 public:
  explicit Binder(SQLite::Statement& s) : s_(s) {}
  Binder& operator<<(const std::string& v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(const char* v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(double v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(std::int64_t v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(int v) {
    s_.bind(++n_, v);
    return *this;
  }
  Binder& operator<<(bool v) {
    s_.bind(++n_, v ? 1 : 0);
    return *this;
  }
  void null() { s_.bind(++n_); }

 private:
  SQLite::Statement& s_;
  int n_ = 0;
};

/// The present time as the store writes it: "2026-11-30T01:02:03Z".
std::string now_utc();

}  // namespace pinrig::store

// SPDX-License-Identifier: GPL-2.0
// A row over many nights: how often red, since when, steady or flaky. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "history/line.h"

namespace pinrig::history {

/// Nights that the word of a row is about.
inline constexpr std::size_t recent = 10;
/// Green nights after which a red is closed.
inline constexpr int closing_nights = 3;

enum class Word {
  passing,
  failing,  ///< red now, and it did not come and go before
  flaky,    ///< it came and went: two flips or more
  stale,    ///< no such row on the recent nights
  broken,   ///< rows, but no usable verdict
};
const char* to_string(Word word);

struct Pattern {
  Word word = Word::stale;
  int red = 0;           ///< of the recent usable verdicts
  int of = 0;            ///< recent usable verdicts
  int flips = 0;         ///< of the recent ones
  int streak = 0;        ///< newest usable verdicts that are alike (red, or not)
  bool red_now = false;  ///< the newest usable verdict
};
/// A flip is a change between neighbouring usable verdicts; three or more reds in a row are one failure and
/// no flips, however they begin and end.
Pattern pattern_of(std::span<const Cell> newest_first);

/// When the present behaviour began.
struct Since {
  std::size_t night = 0;   ///< index: the oldest night of the last segment
  std::size_t newest = 0;  ///< of the nights that may as well be its beginning
  std::size_t oldest = 0;
  int red = 0;  ///< verdicts of the segment
  int of = 0;
};

/// Log-likelihood of `red` of `of`, its rate unknown, under the prior Beta(0.05, 0.5): a test is mostly
/// steady (LUCI's change points).
double log_likelihood(int red, int of);

/// The last segment of a history, split where the rate of reds changed: a split counts when its gain in
/// log-likelihood is above ln 1000, and never between nights with one kernel. `nights` are those of the
/// column. Nothing usable: {}.
Since since(std::span<const Cell> newest_first, std::span<const Built> nights);

/// Since when a row is red that is red on its newest usable night: `since()`, or the first of the reds in a
/// row while there are too few for that.
std::size_t red_since(std::span<const Cell> newest_first, std::span<const Built> nights);

}  // namespace pinrig::history

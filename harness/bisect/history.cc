// SPDX-License-Identifier: GPL-2.0
#include "bisect/history.h"

#include <bit>
#include <utility>

namespace pinrig::bisect {
namespace {

constexpr std::size_t bits = 64;

}  // namespace

PointSet::PointSet(std::size_t points, bool all) : words_((points + bits - 1) / bits, 0) {
  for (std::size_t i = 0; all && i < points; ++i) add(static_cast<int>(i));
}

bool PointSet::has(int point) const {
  const auto i = static_cast<std::size_t>(point);
  return ((words_[i / bits] >> (i % bits)) & 1U) != 0;
}

void PointSet::add(int point) {
  const auto i = static_cast<std::size_t>(point);
  words_[i / bits] |= 1ULL << (i % bits);
}

void PointSet::remove(int point) {
  const auto i = static_cast<std::size_t>(point);
  words_[i / bits] &= ~(1ULL << (i % bits));
}

std::size_t PointSet::size() const {
  std::size_t n = 0;
  for (const auto w : words_) n += static_cast<std::size_t>(std::popcount(w));
  return n;
}

PointSet& PointSet::operator&=(const PointSet& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= other.words_[i];
  return *this;
}

PointSet& PointSet::operator|=(const PointSet& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= other.words_[i];
  return *this;
}

PointSet& PointSet::operator-=(const PointSet& other) {
  for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~other.words_[i];
  return *this;
}

History::History(std::vector<Point> points) : points_(std::move(points)) {
  for (std::size_t i = 0; i < points_.size(); ++i) {
    auto& p = points_[i];
    if (i > 0 && p.parents.empty()) p.parents = {0};
    PointSet set(points_.size());
    set.add(static_cast<int>(i));
    for (const int parent : p.parents) set |= upto_[static_cast<std::size_t>(parent)];
    upto_.push_back(std::move(set));
  }
}

std::vector<Point> line_of(std::vector<Point> points) {
  for (std::size_t i = 0; i < points.size(); ++i)
    points[i].parents = i == 0 ? std::vector<int>{} : std::vector<int>{static_cast<int>(i) - 1};
  return points;
}

}  // namespace pinrig::bisect

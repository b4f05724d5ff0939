// SPDX-License-Identifier: GPL-2.0
// What is searched: points with their parents. Point 0 is the older end, the last one the newer end; a series
// is the line between them, a range of git has merges.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pinrig::bisect {

struct Point {
  std::string sha;           ///< of the commit
  std::string subject;       ///< of the patch or commit; empty for the base of a series
  std::vector<int> parents;  ///< smaller numbers; what has its parents outside of the range has point 0
  std::string image;         ///< hash of its kernel image; empty = not known (yet)
  bool cached = false;       ///< its kernel is built
};

/// A set of points.
class PointSet {
 public:
  explicit PointSet(std::size_t points, bool all = false);
  bool has(int point) const;
  void add(int point);
  void remove(int point);
  std::size_t size() const;
  PointSet& operator&=(const PointSet& other);
  PointSet& operator|=(const PointSet& other);
  /// Without the points of `other`.
  PointSet& operator-=(const PointSet& other);

 private:
  std::vector<unsigned long long> words_;
};

class History {
 public:
  /// Points in an order in which parents come first. One without parents that is not point 0 follows point 0.
  explicit History(std::vector<Point> points);

  const std::vector<Point>& points() const { return points_; }
  int last() const { return static_cast<int>(points_.size()) - 1; }
  /// A point with all that it contains, itself included.
  const PointSet& upto(int point) const { return upto_[static_cast<std::size_t>(point)]; }
  const Point& at(int point) const { return points_[static_cast<std::size_t>(point)]; }

  void set_image(int point, const std::string& image) {
    points_[static_cast<std::size_t>(point)].image = image;
  }
  void set_cached(int point) { points_[static_cast<std::size_t>(point)].cached = true; }

 private:
  std::vector<Point> points_;
  std::vector<PointSet> upto_;
};

/// The points of a series: each has the one before it as its parent.
std::vector<Point> line_of(std::vector<Point> points);

}  // namespace pinrig::bisect

// SPDX-License-Identifier: GPL-2.0
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "gc/gc.h"

namespace pinrig::gc {
namespace {

using Ids = std::set<std::string>;

bool needed_by(const Item& item, const Ids& runs) {
  return std::any_of(item.needed_by.begin(), item.needed_by.end(),
                     [&](const std::string& id) { return runs.contains(id); });
}

// The choice of one policy as it grows.
class Chooser {
 public:
  Chooser(const std::vector<Item>& items, std::time_t now) : items_(items), now_(now) {
    for (const auto& item : items) {
      left_ += item.bytes;
      if (item.kind == Kind::run) staying_.insert(item.name);
      if (item.kind == Kind::leftover && !item.in_use) take(item, "left by a killed pinrig");
    }
  }

  void keep_newest(int keep) {
    int seen = 0;
    std::time_t oldest = now_;
    for (const auto& item : items_) {
      if (item.kind != Kind::run) continue;
      if (++seen <= keep)
        oldest = item.used;
      else if (!item.in_use)
        take(item, fmt::format("not among the {} newest", keep));
    }
    // With nothing to keep the cache has no user, also where no run was ever made.
    if (seen > keep || keep == 0) take_unused_since(oldest);
  }

  void remove_older(double days) {
    const auto limit = now_ - static_cast<std::time_t>(days * 86400);
    for (const auto& item : items_) {
      if (item.kind == Kind::run && item.used < limit && !item.in_use)
        take(item, fmt::format("older than {:g} days", days));
    }
    take_unused_since(limit);
  }

  void shrink_to(std::uintmax_t bytes) {
    for (const bool also_needed : {false, true}) {
      for (auto it = items_.rbegin(); it != items_.rend() && left_ > bytes; ++it) {
        if (it->in_use || taken_.contains(&*it)) continue;
        const bool needed = it->kind != Kind::run && needed_by(*it, staying_);
        if (needed == also_needed) take(*it, "the oldest remaining", needed);
      }
    }
  }

  std::vector<Choice> take_all() { return std::move(choices_); }

 private:
  void take_unused_since(std::time_t limit) {
    for (const auto& item : items_) {
      if (item.kind == Kind::run || item.in_use || taken_.contains(&item) || item.used >= limit) continue;
      if (!needed_by(item, staying_))
        take(item, fmt::format("not used since {:%Y-%m-%d}", fmt::gmtime(item.used)));
    }
  }

  void take(const Item& item, std::string why, bool breaks_repro = false) {
    choices_.push_back({item, std::move(why), breaks_repro});
    taken_.insert(&item);
    // Drive images of a killed guest are counted with their run as well.
    left_ -= std::min(left_, item.bytes);
    if (item.kind == Kind::run) staying_.erase(item.name);
  }

  const std::vector<Item>& items_;  // the newest first
  const std::time_t now_;
  Ids staying_;
  std::set<const Item*> taken_;
  std::uintmax_t left_ = 0;
  std::vector<Choice> choices_;
};

}  // namespace

std::vector<Choice> choose(const std::vector<Item>& items, const Policy& policy, std::time_t now) {
  Chooser chooser(items, now);
  if (policy.keep) chooser.keep_newest(*policy.keep);
  if (policy.older_days) chooser.remove_older(*policy.older_days);
  if (policy.max_bytes) chooser.shrink_to(*policy.max_bytes);
  return chooser.take_all();
}

}  // namespace pinrig::gc

// SPDX-License-Identifier: GPL-2.0
#include "git/thread.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"

namespace pinrig::git {
namespace {

/// More need not be listed: a total in a subject may be any number.
constexpr std::size_t kMostMissing = 20;

/// The patches of one version: with numbers (`total` of them), or without.
struct Group {
  int version = 1;
  int total = -1;  ///< -1: no numbers
  std::map<int, std::size_t> by_number;
  std::vector<std::size_t> in_order;  ///< without numbers
  std::string conflict;               ///< two patches that bear the same number
  std::vector<int> missing;           ///< the first numbers, kMostMissing at most; none = complete

  bool numbered() const { return total >= 0; }
  bool complete() const { return missing.empty(); }
  bool lacks(int number) const { return std::find(missing.begin(), missing.end(), number) != missing.end(); }
  /// "patch 2/5 is missing", "patches 2/5, 4/5 are missing"
  std::string what_is_missing(const std::string& of_version = "") const {
    std::vector<std::string> names;
    for (const int n : missing) names.push_back(fmt::format("{}/{}", n, total));
    if (names.size() == kMostMissing) names.back() = "...";
    return fmt::format("{} {}{} {} missing", names.size() == 1 ? "patch" : "patches", join(names, ", "),
                       of_version, names.size() == 1 ? "is" : "are");
  }
};

class Chooser {
 public:
  Chooser(const std::vector<ThreadMail>& mails, const std::string& where) : mails_(mails), where_(where) {}

  Result<Choice> choose() {
    std::vector<std::size_t> with_diff;
    for (std::size_t i = 0; i < mails_.size(); ++i)
      if (!mails_[i].diff.empty()) with_diff.push_back(i);
    for (std::size_t i = 0; i < mails_.size(); ++i)
      if (mails_[i].diff.empty() && !of(i).reply && of(i).number > 0) without_diff_.push_back(i);
    if (with_diff.size() <= 1 && without_diff_.empty()) return lone(with_diff);
    for (const auto i : with_diff)
      if (of(i).odd && !of(i).reply) return not_understood(i);
    if (const auto i = of_another_form(with_diff)) return not_understood(*i);
    for (const auto i : with_diff) add(i);
    // A patch whose diff is lost is missing from its series all the same.
    for (const auto i : without_diff_) group_of(of(i));
    for (auto& g : groups_) complete(g);
    const Group* best = newest(true);
    if (best == nullptr) return nothing_complete();
    if (const Group* lost = outweighed(*best)) return incomplete(*lost);
    if (!best->conflict.empty()) return twice(*best);
    for (const auto& g : groups_)
      if (&g != best && g.version == best->version && g.numbered() && best->numbered() && g.complete())
        return two_series(*best, g);
    return chosen(*best);
  }

 private:
  const Numbered& of(std::size_t i) const { return mails_[i].numbered; }

  void note(std::string text) { out_.notices.push_back(std::move(text)); }

  Result<Choice> lone(const std::vector<std::size_t>& with_diff) {
    out_.order = with_diff;
    if (with_diff.empty()) return out_;
    const Numbered& n = of(with_diff.front());
    if (n.reply) note(fmt::format("the patch comes from the reply \"{}\"", n.text));
    if (n.total > 1)
      note(fmt::format("\"{}\" is the only patch here: the other patches of its series are not applied",
                       n.text));
    return out_;
  }

  /// The first of the mails of one version that are numbered, but not as n/m.
  std::optional<std::size_t> of_another_form(const std::vector<std::size_t>& with_diff) const {
    std::map<int, std::vector<std::size_t>> versions;
    for (const auto i : with_diff)
      if (of(i).number < 0 && !of(i).reply) versions[of(i).version].push_back(i);
    for (const auto& [version, members] : versions) {
      std::vector<const Numbered*> mails;
      for (const auto i : members) mails.push_back(&of(i));
      if (numbered_in_another_form(mails)) return members.front();
    }
    return std::nullopt;
  }

  Group& group_of(const Numbered& n) {
    for (auto& g : groups_)
      if (g.version == n.version && g.total == n.total) return g;
    groups_.push_back({});
    groups_.back().version = n.version;
    groups_.back().total = n.total;
    return groups_.back();
  }

  void add(std::size_t i) {
    const Numbered& n = of(i);
    if (n.reply) {
      replies_.push_back(i);
    } else if (n.number == 0 && n.total > 1) {
      note(fmt::format("the cover letter \"{}\" contains a diff, which is not applied", n.text));
    } else if (n.number < 0) {
      Group& g = group_of(n);
      const auto same = [&](std::size_t other) { return mails_[other].diff == mails_[i].diff; };
      if (std::any_of(g.in_order.begin(), g.in_order.end(), same))
        note(fmt::format("duplicate \"{}\": applied once", n.text));
      else
        g.in_order.push_back(i);
    } else {
      add_numbered(i, std::max(1, n.number));
    }
  }

  void add_numbered(std::size_t i, int number) {
    Group& g = group_of(of(i));
    const auto [it, fresh] = g.by_number.emplace(number, i);
    if (fresh) return;
    if (mails_[it->second].diff == mails_[i].diff)
      note(fmt::format("duplicate \"{}\": applied once", of(i).text));
    else if (g.conflict.empty())
      g.conflict = fmt::format(
          "patch {}/{} occurs twice, with different diffs: "
          "\"{}\" and \"{}\"",
          number, g.total, of(it->second).subject, of(i).subject);
  }

  /// Fills holes from replies, then looks for what is still missing.
  void complete(Group& g) {
    if (!g.numbered()) return;
    for (int n = 1; n <= g.total && g.missing.size() < kMostMissing; ++n) {
      if (g.by_number.contains(n)) continue;
      const auto fits = [&](std::size_t i) {
        return of(i).version == g.version && of(i).total == g.total && of(i).number == n;
      };
      const auto it = std::find_if(replies_.begin(), replies_.end(), fits);
      if (it == replies_.end())
        g.missing.push_back(n);
      else
        g.by_number[n] = *it;
    }
    if (!g.complete()) return;
    int next = g.total + 1;
    for (auto it = g.by_number.upper_bound(g.total); it != g.by_number.end(); ++it, ++next)
      if (it->first != next) g.missing = {next};
  }

  /// With numbers before without: a bot's notice and a follow-up have none.
  const Group* newest(bool whole) const {
    const Group* best = nullptr;
    for (const auto& g : groups_) {
      if (whole && !g.complete()) continue;
      if (!g.numbered() && g.in_order.empty()) continue;
      if (best == nullptr || g.version > best->version ||
          (g.version == best->version && g.numbered() && !best->numbered()))
        best = &g;
    }
    return best;
  }

  /// The incomplete series that must not lose to `best`: one mail without a number (a follow-up, a bot's
  /// notice) stands for no series, and of two numberings of one version neither is the newer.
  const Group* outweighed(const Group& best) const {
    const Group* lost = nullptr;
    for (const auto& g : groups_) {
      if (!g.numbered() || g.complete()) continue;
      const bool rivals = g.version == best.version && g.by_number.size() >= best.by_number.size();
      if (best.numbered() && !rivals) continue;
      if (lost == nullptr || g.version > lost->version) lost = &g;
    }
    return lost;
  }

  static std::string name_of(const Group& g) {
    if (!g.numbered())
      return fmt::format("v{} ({} without a number)", g.version, count_of(g.in_order.size(), "patch"));
    return fmt::format("v{} (of {})", g.version, count_of(static_cast<std::size_t>(g.total), "patch"));
  }

  Choice chosen(const Group& best) {
    for (const auto& [number, i] : best.by_number) {
      out_.order.push_back(i);
      if (of(i).reply)
        note(fmt::format("patch {}/{} comes from the reply \"{}\"", number, best.total, of(i).text));
      if (number > best.total)
        note(fmt::format("\"{}\" has a number beyond the end of its series and is applied after it",
                         of(i).text));
    }
    out_.order.insert(out_.order.end(), best.in_order.begin(), best.in_order.end());
    for (const auto& g : groups_)
      if (&g != &best) left_out(g, best);
    for (const auto i : replies_)
      if (std::find(out_.order.begin(), out_.order.end(), i) == out_.order.end())
        note(fmt::format("\"{}\" contains a diff, which is not applied", of(i).text));
    return std::move(out_);
  }

  void left_out(const Group& g, const Group& best) {
    if (g.version > best.version && !g.complete()) {
      note(
          fmt::format("{} is incomplete, {}: {} is applied", name_of(g), g.what_is_missing(), name_of(best)));
    } else if (g.version == best.version || !g.numbered()) {
      for (const auto i : g.in_order)
        note(fmt::format("\"{}\" does not belong to the series and is not applied", of(i).text));
      for (const auto& [number, i] : g.by_number)
        note(fmt::format("\"{}\" does not belong to the series and is not applied", of(i).text));
    } else {
      note(fmt::format("{} is older than {} and is not applied", name_of(g), name_of(best)));
    }
  }

  Error bad(const std::string& what, std::string hint) const {
    return make_error(ErrorKind::bad_input, fmt::format("{}: {}", where_, what), std::move(hint));
  }

  Error not_understood(std::size_t i) const {
    return bad(
        fmt::format("cannot parse the number in the subject \"{}\", so the order is unknown", of(i).text),
        "write [PATCH n/m], or make a directory with one *.patch file for each mail: they are applied in the "
        "order of the file names");
  }

  Error nothing_complete() const {
    const Group* g = newest(false);
    if (g == nullptr && !without_diff_.empty()) return no_diff(without_diff_.front());
    if (g == nullptr) {
      if (replies_.empty())
        return bad("only a cover letter contains a diff", "number the patches 1/m to m/m");
      return bad("no patch, only replies", "save the whole thread: b4 am MESSAGE-ID");
    }
    return incomplete(*g);
  }

  Error incomplete(const Group& g) const {
    for (const auto i : without_diff_)
      if (of(i).version == g.version && of(i).total == g.total && g.lacks(of(i).number)) return no_diff(i);
    const std::string version = g.version > 1 ? fmt::format(" of v{}", g.version) : "";
    return bad(g.what_is_missing(version),
               "save the whole thread: b4 am MESSAGE-ID, or the mbox of the list "
               "archive; to apply only these, make a directory with one *.patch file for each mail");
  }

  Error no_diff(std::size_t i) const {
    return bad(fmt::format("no diff in \"{}\"", of(i).text),
               "an HTML mail, an attachment or an empty commit: it must be plain text, as written by git "
               "format-patch");
  }

  Error twice(const Group& g) const { return bad(g.conflict, "keep one mail per patch"); }

  Error two_series(const Group& a, const Group& b) const {
    return bad(fmt::format("two complete series of the same version: {} and {}", name_of(a), name_of(b)),
               "keep the mails of one of them");
  }

  const std::vector<ThreadMail>& mails_;
  const std::string& where_;
  std::vector<Group> groups_;
  std::vector<std::size_t> replies_;
  std::vector<std::size_t> without_diff_;  ///< mails that are numbered as patches
  Choice out_;
};

}  // namespace

Result<Choice> choose_patches(const std::vector<ThreadMail>& mails, const std::string& where) {
  return Chooser(mails, where).choose();
}

}  // namespace pinrig::git

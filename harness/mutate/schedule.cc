// SPDX-License-Identifier: GPL-2.0
#include "mutate/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "assess/compare.h"
#include "base/text.h"

namespace pinrig::mutate {
namespace {

// Seconds of tests in the first stage of each guest.
constexpr double first_stage_s = 2.5;
// What a test costs apart from its cases: start, counters, settling.
constexpr double per_test_s = 0.15;

// A guest that is good for one mutant only costs this much more.
constexpr double boot_s = 8;

bool is_destructive(const std::vector<model::TestSpec>& tests) {
  return std::any_of(tests.begin(), tests.end(), [](const auto& t) { return t.destructive; });
}

// A case, or a test that has none, that reaches the mutant.
struct Choice {
  std::size_t guest = 0;
  std::string test;
  std::string name;  ///< of the case; empty: the whole test
  double wall_s = 0;
  std::size_t elsewhere = 0;  ///< places of other files that it reaches
  // Numbers of words: of what it asks (an obligation, or its name) with the places that it reaches, of that
  // alone, of the test.
  std::array<std::size_t, 3> alike{};
  bool taken = false;
};

// Words by number.
class Words {
 public:
  std::size_t number(const std::string& word) {
    return numbers_.try_emplace(word, numbers_.size()).first->second;
  }
  std::size_t size() const { return numbers_.size(); }

 private:
  std::map<std::string, std::size_t> numbers_;
};

bool fine(model::Verdict v) {
  return v == model::Verdict::pass || v == model::Verdict::skip || v == model::Verdict::xfail;
}

std::string named(const assess::Delta& d) {
  return d.case_name.empty() ? d.test : d.test + ":" + d.case_name;
}

std::string said(const std::optional<assess::Seen>& seen) {
  return seen ? to_string(seen->verdict) : "no result";
}

using Rows = std::vector<model::TestResult>;

assess::Results pointers(const Rows& rows) {
  assess::Results out;
  for (const auto& r : rows) out.push_back(&r);
  return out;
}

bool speaks_against(const assess::Delta& d) {
  switch (d.kind) {
    case assess::DeltaKind::regression:
      return true;
    case assess::DeltaKind::gone:
      return d.before && d.before->verdict != model::Verdict::skip;
    case assess::DeltaKind::fresh:
      return d.after && !fine(d.after->verdict);
    default:
      return false;
  }
}

// A verdict that a mutant can make worse.
bool usable(model::Verdict v) { return v == model::Verdict::pass || v == model::Verdict::xfail; }

// (test, case) -> verdict.
using Verdicts = std::map<std::pair<std::string, std::string>, model::Verdict>;

Verdicts verdicts_of(const Rows& rows) {
  Verdicts out;
  for (const auto& r : rows) out.emplace(std::pair(r.verdict.test, r.verdict.case_name), r.verdict.verdict);
  return out;
}

bool usable(const Verdicts& verdicts, const std::string& test, const std::string& case_name) {
  const auto v = verdicts.find({test, case_name});
  return v != verdicts.end() && usable(v->second);
}

// "pages.in" of the case "pages.in.thp" of a contract: all users share it. Others are kinds of their own.
std::string kind_of(const std::string& test, const std::string& name) {
  const auto dot = name.rfind('.');
  return dot == std::string::npos ? test + ":" + name : name.substr(0, dot);
}

// What reaches a mutant and can be asked.
class Choices {
 public:
  Choices(int mutant, const std::set<int>& near, const Reference& reference,
          const std::vector<model::Guest>& guests)
      : mutant_(mutant), near_(near), reference_(reference), verdicts_(verdicts_of(reference.rows)) {
    for (std::size_t g = 0; g < guests.size(); ++g) {
      for (const auto& test : guests[g].tests) add_test(g, test);
    }
    std::stable_sort(all.begin(), all.end(), [](const Choice& a, const Choice& b) {
      return std::pair(a.elsewhere, a.wall_s) < std::pair(b.elsewhere, b.wall_s);
    });
    counts_.resize(words_.size());
  }

  // How often what was taken was like it: the less, the smaller.
  std::array<int, 3> rank(const Choice& c) const {
    return {counts_[c.alike[0]], counts_[c.alike[1]], counts_[c.alike[2]]};
  }
  void take(Choice& c) {
    c.taken = true;
    for (const auto word : c.alike) ++counts_[word];
  }

  // Some tests make in their first case what the others need. Empty where it cannot be asked.
  std::string first_case(const std::string& test) const {
    const auto cases = reference_.cases.find(test);
    if (cases == reference_.cases.end() || cases->second.empty()) return "";
    const std::string& name = cases->second.front().name;
    return usable(verdicts_, test, name) ? name : "";
  }

  // Guests by the number of choices that they have.
  std::vector<std::size_t> guests() const {
    std::map<std::size_t, int> counts;
    for (const auto& c : all) ++counts[c.guest];
    std::vector<std::size_t> out;
    for (const auto& [guest, n] : counts) out.push_back(guest);
    std::stable_sort(out.begin(), out.end(), [&](auto a, auto b) { return counts[a] > counts[b]; });
    return out;
  }

  // What is about this file first: it reaches few places of others. Then the cheapest.
  std::vector<Choice> all;

 private:
  void add_test(std::size_t guest, const model::TestSpec& test) {
    const auto reached = reference_.reached.find(test.name);
    if (reached == reference_.reached.end() || !reached->second.contains(mutant_)) return;
    const std::size_t before = all.size();
    const auto cases = reference_.cases.find(test.name);
    if (cases != reference_.cases.end()) {
      for (const auto& c : cases->second) add_case(guest, test.name, c);
    }
    // No case, but what the test does around them.
    if (all.size() > before || !usable(verdicts_, test.name, "")) return;
    const auto wall = reference_.wall_s.find(test.name);
    const auto word = words_.number(test.name);
    all.push_back({guest,
                   test.name,
                   "",
                   wall == reference_.wall_s.end() ? test.limit_s : wall->second,
                   reached->second.size() - places_here(reached->second).size(),
                   {word, word, word},
                   false});
  }

  std::set<int> places_here(const std::set<int>& reached) const {
    std::set<int> here;
    std::set_intersection(reached.begin(), reached.end(), near_.begin(), near_.end(),
                          std::inserter(here, here.end()));
    return here;
  }

  void add_case(std::size_t guest, const std::string& test, const CaseReach& c) {
    if (!c.reached.contains(mutant_) || !usable(verdicts_, test, c.name)) return;
    const std::string kind = kind_of(test, c.name);
    const std::set<int> here = places_here(c.reached);
    all.push_back({guest,
                   test,
                   c.name,
                   c.wall_s,
                   c.reached.size() - here.size(),
                   {words_.number(kind + " " + ranges_of(here)), words_.number(kind), words_.number(test)},
                   false});
  }

  int mutant_;
  const std::set<int>& near_;
  const Reference& reference_;
  Verdicts verdicts_;
  Words words_;
  std::vector<int> counts_;  // by word
};

Stage stage_of(std::size_t guest, const std::vector<Choice*>& picked, const Choices& choices) {
  Stage out{guest, {}};
  for (const auto* c : picked) {
    auto ask =
        std::find_if(out.asks.begin(), out.asks.end(), [&](const Ask& a) { return a.test == c->test; });
    if (ask == out.asks.end()) {
      ask = out.asks.insert(ask, Ask{c->test, {}, 0});
      const auto first = choices.first_case(c->test);
      if (!c->name.empty() && !first.empty()) ask->cases.push_back(first);
    }
    const bool has = std::find(ask->cases.begin(), ask->cases.end(), c->name) != ask->cases.end();
    if (!c->name.empty() && !has) ask->cases.push_back(c->name);
    ask->wall_s += c->wall_s;
  }
  std::stable_sort(out.asks.begin(), out.asks.end(),
                   [](const Ask& a, const Ask& b) { return a.wall_s < b.wall_s; });
  return out;
}

// What is in this guest and fits into the budget, the least alike first. Where there is a budget, more fits
// until half of it is used: some guests have long cases only.
Stage next_stage(std::size_t guest, double budget_s, Choices& choices) {
  std::vector<Choice*> picked;
  std::set<std::string> tests;
  double left = budget_s;
  for (;;) {
    Choice* best = nullptr;
    for (auto& c : choices.all) {
      if (c.taken || c.guest != guest) continue;
      const double cost = c.wall_s + (tests.contains(c.test) ? 0 : per_test_s);
      if (cost > left && !(left > budget_s / 2)) continue;
      if (best == nullptr || choices.rank(c) < choices.rank(*best)) best = &c;
    }
    if (best == nullptr) return stage_of(guest, picked, choices);
    left -= best->wall_s + (tests.insert(best->test).second ? per_test_s : 0);
    choices.take(*best);
    picked.push_back(best);
  }
}

}  // namespace

std::set<int> numbers_of(const std::string& ranges, int most) {
  std::set<int> out;
  for (const auto& part : split(ranges, ',')) {
    int first = 0;
    const char* end = part.data() + part.size();
    const auto [at, ec] = std::from_chars(part.data(), end, first);
    if (ec != std::errc{} || first < 0) continue;
    int last = first;
    if (at != end && *at == '-') std::from_chars(at + 1, end, last);
    for (int n = first; n <= std::min(last, most); ++n) out.insert(n);
  }
  return out;
}

std::string ranges_of(const std::set<int>& numbers) {
  std::string out;
  for (auto it = numbers.begin(); it != numbers.end();) {
    const int first = *it;
    int last = first;
    while (++it != numbers.end() && *it == last + 1) last = *it;
    out += out.empty() ? "" : ",";
    out += first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
  }
  return out;
}

std::vector<model::Guest> parts_of(const std::vector<model::Guest>& guests,
                                   const std::set<std::string>& ended) {
  constexpr std::size_t most_tests = 12;
  std::vector<model::Guest> out;
  for (const auto& guest : guests) {
    model::Guest part = guest;
    part.tests.clear();
    const auto end = [&] {
      part.id = fmt::format("{}", out.size());
      if (!part.tests.empty()) out.push_back(part);
      part.tests.clear();
    };
    for (const auto& test : guest.tests) {
      if (!ended.contains(test.name)) part.tests.push_back(test);
      if (part.tests.size() == most_tests) end();
    }
    end();
  }
  return out;
}

std::vector<CaseReach> reached_by_case(const std::string& output) {
  constexpr std::string_view running = "# running ";
  constexpr std::string_view reached = "# reached in ";
  std::vector<CaseReach> out;
  for (const auto line : lines(output)) {
    if (line.starts_with(running)) {
      out.push_back({std::string(line.substr(running.size())), {}, 0});
    } else if (line.starts_with(reached) && !out.empty()) {
      int took_ms = 0;
      const auto rest = line.substr(reached.size());
      std::from_chars(rest.data(), rest.data() + rest.size(), took_ms);
      out.back().wall_s = took_ms / 1e3;
      const auto colon = rest.find(": ");
      if (colon != std::string_view::npos)
        out.back().reached = numbers_of(std::string(rest.substr(colon + 2)));
    }
  }
  return out;
}

double Stage::wall_s() const {
  double sum = 0;
  for (const auto& a : asks) sum += a.wall_s + per_test_s;
  return sum;
}

int Stage::cases() const {
  int sum = 0;
  for (const auto& a : asks) sum += std::max(1, static_cast<int>(a.cases.size()));
  return sum;
}

std::vector<Stage> stages_for(int mutant, const std::set<int>& near, const Reference& reference,
                              const std::vector<model::Guest>& guests, double budget_s) {
  Choices choices(mutant, near, reference, guests);
  std::vector<Stage> out;
  const auto take = [&](std::size_t guest, double most_s) {
    auto stage = next_stage(guest, most_s, choices);
    budget_s -= stage.wall_s();
    if (!stage.asks.empty()) out.push_back(std::move(stage));
  };
  auto order = choices.guests();
  const auto alone = std::stable_partition(order.begin(), order.end(),
                                           [&](auto g) { return !is_destructive(guests[g].tests); });
  for (auto g = order.begin(); g != alone; ++g) take(*g, first_stage_s);
  for (auto g = order.begin(); g != alone; ++g) take(*g, budget_s);
  for (auto g = alone; g != order.end() && (budget_s > 0 || out.empty()); ++g) {
    take(*g, std::max(budget_s, first_stage_s));
    budget_s -= boot_s;
  }
  return out;
}

int reaching(int mutant, const Reference& reference, const std::vector<model::Guest>& guests) {
  const std::set<int> none;
  return static_cast<int>(Choices(mutant, none, reference, guests).all.size());
}

std::vector<model::TestResult> expected(const Ask& ask, const Reference& reference) {
  std::vector<model::TestResult> out;
  bool xfail = false;
  for (const auto& r : reference.rows) {
    const auto& v = r.verdict;
    if (v.test != ask.test) continue;
    const bool asked = ask.cases.empty() || v.case_name.empty() ||
                       std::find(ask.cases.begin(), ask.cases.end(), v.case_name) != ask.cases.end();
    if (!asked) continue;
    xfail = xfail || (!v.case_name.empty() && v.verdict == model::Verdict::xfail);
    out.push_back(r);
  }
  if (ask.cases.empty()) return out;
  for (auto& r : out) {
    if (!r.verdict.case_name.empty()) continue;
    r.verdict.verdict = xfail ? model::Verdict::xfail : model::Verdict::pass;
    r.ledger.reset();
  }
  return out;
}

std::string noticed(const Rows& expected, const Rows& seen) {
  const auto deltas = assess::compare(pointers(expected), pointers(seen));
  // A case says more than its test, and a verdict more than an absence.
  const assess::Delta* best = nullptr;
  const auto weight = [](const assess::Delta& d) {
    return (d.after && d.after->verdict != model::Verdict::missing ? 2 : 0) + (d.case_name.empty() ? 0 : 1);
  };
  for (const auto& d : deltas) {
    if (speaks_against(d) && (best == nullptr || weight(d) > weight(*best))) best = &d;
  }
  return best == nullptr ? "" : fmt::format("{} ({})", named(*best), said(best->after));
}

std::vector<std::string> differences(const Rows& before, const Rows& after) {
  std::vector<std::string> out;
  for (const auto& d : assess::compare(pointers(before), pointers(after))) {
    const bool equal = d.before && d.after && d.before->verdict == d.after->verdict;
    if (!equal)
      out.push_back(
          fmt::format("{}: {} without mutants, {} with all off", named(d), said(d.before), said(d.after)));
  }
  return out;
}

}  // namespace pinrig::mutate

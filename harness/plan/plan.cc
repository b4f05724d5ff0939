// SPDX-License-Identifier: GPL-2.0
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/text.h"
#include "plan/environment.h"
#include "plan/guests.h"
#include "plan/selector.h"

namespace pinrig::plan {
namespace {

using model::Machine;
using model::Point;
using model::RunSpec;
using model::TestSpec;

Error bad(const model::SourceLocation& where, const std::string& message, std::string hint = {}) {
  const std::string place = model::to_string(where);
  return make_error(ErrorKind::bad_input, place.empty() ? message : place + ": " + message, std::move(hint));
}

/// The number that a word of `points` is; nothing for tip and each. Needs no series.
Result<std::optional<int>> number_in(const RunSpec& run, const Origin& from, const std::string& word) {
  const bool ends = word == "tip" || word == "each";
  if (word == "base") return std::optional<int>(0);
  int number = -1;
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool whole = ec == std::errc() && end == word.data() + word.size() && number >= 0;
  if (!ends && !whole) return refused(from, word, "not a point: expected base, tip, each or a patch number");
  if (run.series.empty() && (ends || number > 0))
    return refused(from, word, "this run has no series", "use the point base");
  return ends ? std::nullopt : std::optional<int>(number);
}

/// The numbers that one word of `points` means.
Result<std::vector<int>> numbers_of(const RunSpec& run, const Origin& from, int last,
                                    const std::string& word) {
  const std::string length =
      fmt::format("series {} has {}", run.series, count_of(static_cast<std::size_t>(last), "patch"));
  PINRIG_TRY(number, number_in(run, from, word));
  if (!number && last == 0) return refused(from, word, length, "use the point base");
  if (number && *number > last)
    return refused(from, word, "no such patch: " + length,
                   fmt::format("patch numbers go from 0 (the base) to {}", last));
  if (number) return std::vector<int>{*number};
  std::vector<int> all;
  for (int n = word == "tip" ? last : 0; n <= last; ++n) all.push_back(n);
  return all;
}

auto running_order(const TestSpec& t) {
  const bool pins = t.name.starts_with("pins/");
  // The suite pins checks the counters that every other ledger rests on; its own order is kept.
  return std::tuple(t.destructive, !pins, pins ? 0.0 : t.limit_s);
}

std::vector<std::string> serials(const Machine& m) {
  std::vector<std::string> out;
  for (const auto& d : m.nvme) {
    if (std::find(out.begin(), out.end(), d.serial) == out.end()) out.push_back(d.serial);
  }
  return out;
}

Result<void> check_one(const Machine& m, const TestSpec& t) {
  const auto lacks = [&](const std::string& what, std::string hint) {
    return bad(t.where, fmt::format("test {} needs {} machine '{}' does not have", t.name, what, m.name),
               std::move(hint));
  };
  const auto known = serials(m);
  for (const auto& s : t.needs.nvme) {
    if (std::find(known.begin(), known.end(), s) == known.end())
      return lacks(fmt::format("the NVMe drive '{}', which", s),
                   known.empty() ? "it has no NVMe drive" : "its drives are " + join(known, ", "));
  }
  const auto has_fs = [&](const model::NvmeDrive& d) { return d.fs == t.needs.fs; };
  if (!t.needs.fs.empty() && t.needs.fs != "tmpfs" && std::none_of(m.nvme.begin(), m.nvme.end(), has_fs))
    return lacks(fmt::format("a drive with {}, which", t.needs.fs),
                 fmt::format("give one of its drives 'fs: {}'", t.needs.fs));
  if (t.needs.hugepages_2m > m.hugepages_2m)
    return lacks(count_of(static_cast<std::size_t>(t.needs.hugepages_2m), "huge page") + ", which",
                 fmt::format("it reserves {}", m.hugepages_2m));
  if (t.needs.swap_mib > m.swap_mib)
    return lacks(fmt::format("{} MiB of swap, which", t.needs.swap_mib),
                 fmt::format("it has {} MiB", m.swap_mib));
  if (t.needs.rdma && !m.net) return lacks("soft RDMA and so a network device, which", "give it 'net: true'");
  return {};
}

/// Ids are for people: where a run has one configuration they do not name it.
std::string kernel_id(const Point& point, model::Arch arch, const model::KernelConfig& config) {
  const std::string id = fmt::format("{}-{}", point.label, model::to_string(arch));
  return config.name.empty() ? id : id + "-" + config.name;
}

model::Kernel kernel_of(const Point& point, model::Arch arch, const model::KernelConfig& config,
                        const std::vector<model::Guest>& guests) {
  model::Kernel k;
  k.id = kernel_id(point, arch, config);
  k.point = point;
  k.arch = arch;
  k.config = config;
  k.guests = guests;
  for (std::size_t i = 0; i < guests.size(); ++i)
    k.guests[i].id = i == 0 ? k.id : fmt::format("{}.{}", k.id, i + 1);
  return k;
}

/// Every test `runs` times, one after the other.
std::vector<TestSpec> repeated(const std::vector<TestSpec>& tests, int runs) {
  std::vector<TestSpec> out;
  for (const auto& t : tests) {
    for (int run = 1; run <= runs; ++run) {
      out.push_back(t);
      out.back().name = repeated_name(t.name, run);
    }
  }
  return out;
}

template <typename T>
std::vector<T> each_once(const std::vector<T>& values) {
  std::vector<T> out;
  for (const auto& v : values) {
    if (std::find(out.begin(), out.end(), v) == out.end()) out.push_back(v);
  }
  return out;
}

}  // namespace

std::string repeated_name(const std::string& test, int run) {
  return run == 1 ? test : fmt::format("{}~{}", test, run);
}

Result<std::vector<Point>> resolve_points(const RunSpec& run, const std::vector<Point>& points,
                                          std::vector<std::string>& notes,
                                          const std::optional<Origins>& from) {
  const Origin origin = from.value_or(origins_of(run)).points;
  std::map<int, std::string> named;  // number -> the word that named it first
  if (run.points.empty()) return bad(run.where, "no point given", "points: [base, tip]");
  for (std::size_t i = 0; i < run.points.size(); ++i) {
    const std::string& word = run.points[i];
    PINRIG_TRY(numbers, numbers_of(run, origin.of_word(i), static_cast<int>(points.size()) - 1, word));
    for (const int n : numbers) {
      const auto [it, fresh] = named.emplace(n, word);
      if (!fresh && word != "each" && it->second != "each")
        notes.push_back(
            it->second == word
                ? fmt::format("duplicate point '{}': runs once", word)
                : fmt::format("points '{}' and '{}' are the same kernel and run once", it->second, word));
    }
  }
  std::vector<Point> out;
  for (const auto& [n, word] : named) out.push_back(points[static_cast<std::size_t>(n)]);
  return out;
}

Result<std::vector<TestSpec>> select_tests(const RunSpec& run, const std::vector<model::Suite>& suites,
                                           std::vector<std::string>* notes,
                                           const std::optional<Origins>& from) {
  PINRIG_TRY(selection, select(run.suites, from.value_or(origins_of(run)).tests, choices(suites)));
  std::vector<TestSpec> out;
  for (const auto& name : selection.tests) out.push_back(*find_test(suites, name));
  std::stable_sort(out.begin(), out.end(),
                   [](const TestSpec& x, const TestSpec& y) { return running_order(x) < running_order(y); });
  if (notes != nullptr) notes->insert(notes->end(), selection.notes.begin(), selection.notes.end());
  return out;
}

Result<void> check_offer(const Machine& machine, const std::vector<TestSpec>& tests) {
  for (const auto& t : tests) PINRIG_CHECK(check_one(machine, t));
  return {};
}

Result<void> check_words(const RunSpec& run, const Machine& machine, const std::vector<model::Suite>& suites,
                         const Origins& from) {
  for (std::size_t i = 0; i < run.points.size(); ++i)
    PINRIG_CHECK(number_in(run, from.points.of_word(i), run.points[i]));
  PINRIG_TRY(tests, select_tests(run, suites, nullptr, from));
  return check_offer(machine, tests);
}

Result<void> check_expected_points(const model::Series& series, int patches) {
  for (const auto& e : series.expect) {
    for (const auto& word : e.points) {
      int number = 0;
      std::from_chars(word.data(), word.data() + word.size(), number);  // base and tip are none
      if (number <= patches) continue;
      return bad(e.where,
                 fmt::format("points: '{}': no such patch: series {} has {}", word, series.name,
                             count_of(static_cast<std::size_t>(patches), "patch")),
                 fmt::format("patch numbers go from 0 (the base) to {}", patches));
    }
  }
  return {};
}

model::KernelConfig coverage_config(const model::KernelConfig& config) {
  model::KernelConfig out = config;
  out.name = config.name.empty() ? "coverage" : config.name + "-coverage";
  out.fragments.emplace_back("gcov");
  return out;
}

model::KernelConfig debug_config(const model::KernelConfig& config, bool pahole) {
  model::KernelConfig out = config;
  const auto& has = config.fragments;
  if (std::find(has.begin(), has.end(), "debug") != has.end()) return out;
  out.name = config.name.empty() ? "debug" : config.name + "-debug";
  out.fragments.emplace_back("debug");
  if (pahole) out.fragments.emplace_back("btf");
  return out;
}

Result<Plan> make_plan(const RunSpec& run, const Offer& offer) {
  Plan plan;
  plan.name = run.name;
  plan.base = run.base;
  plan.series = run.series;
  plan.patches = static_cast<int>(offer.points.size()) - 1;
  PINRIG_TRY(points, resolve_points(run, offer.points, plan.notes, offer.from));
  PINRIG_TRY(tests, select_tests(run, offer.suites, &plan.notes, offer.from));
  PINRIG_CHECK(check_offer(offer.machine, tests));
  if (run.archs.empty()) return bad(run.where, "no architecture given", "archs: all");
  if (run.configs.empty()) return bad(run.where, "no configuration given", "fragments: [base, pin]");
  if (offer.coverage && points.back().is_base())
    return make_error(ErrorKind::bad_usage, "--coverage: the base has no changed lines",
                      "add --series, or a point behind the base: --point tip");
  const auto guests = group_tests(offer.machine, repeated(tests, offer.repeat), offer.destructive);
  for (const auto arch : each_once(run.archs)) {
    for (const auto& config : run.configs) {
      const auto add = [&](const Point& point, const model::KernelConfig& with) {
        plan.kernels.push_back(kernel_of(point, arch, with, guests));
        plan.kernels.back().is_tip = plan.patches > 0 && point.number == plan.patches;
      };
      for (const auto& point : points) add(point, config);
      if (!offer.coverage) continue;
      add(points.back(), coverage_config(config));
      plan.counting.insert(plan.kernels.back().id);
    }
  }
  return plan;
}

}  // namespace pinrig::plan

// SPDX-License-Identifier: GPL-2.0
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/text.h"
#include "plan/guests.h"

namespace pinrig::plan {
namespace {

using model::Machine;
using model::Point;
using model::RunSpec;
using model::TestSpec;

Error bad(const model::Where& where, const std::string& message, std::string hint = {}) {
  const std::string place = model::to_string(where);
  return make_error(ErrorKind::bad_input, place.empty() ? message : place + ": " + message, std::move(hint));
}

std::string series_length(const RunSpec& run, std::size_t patches) {
  if (run.series.empty()) return "this run has no series";
  return fmt::format("series {} has {} patch{}", run.series, patches, patches == 1 ? "" : "es");
}

/// The numbers that one word of `points` means.
Result<std::vector<int>> numbers_of(const RunSpec& run, int last, const std::string& word) {
  if (word == "base") return std::vector<int>{0};
  if (word == "tip" || word == "each") {
    if (last == 0)
      return bad(run.where,
                 fmt::format("point '{}': {}", word, series_length(run, static_cast<std::size_t>(last))),
                 "use the point base");
    std::vector<int> all;
    for (int n = word == "tip" ? last : 0; n <= last; ++n) all.push_back(n);
    return all;
  }
  int number = -1;
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (ec != std::errc() || end != word.data() + word.size() || number < 0)
    return bad(run.where, fmt::format("point '{}' is none of base, tip, each or a patch number", word));
  if (number > last)
    return bad(run.where,
               fmt::format("point {} does not exist: {}", number,
                           series_length(run, static_cast<std::size_t>(last))),
               fmt::format("numbers from 0 (the base) to {} are there", last));
  return std::vector<int>{number};
}

/// A word without '/' means whole suites, with it single tests. What takes long has to be called by its name.
bool chosen(const std::string& glob, const TestSpec& t) {
  if (t.known_long) return glob == t.name;
  if (glob.find('/') != std::string::npos) return glob_match(glob, t.name);
  return glob_match(glob, t.name.substr(0, t.name.find('/')));
}

std::string nearest_choice(const std::string& glob, const std::vector<model::Suite>& suites) {
  std::vector<std::string> known;
  for (const auto& s : suites) {
    if (glob.find('/') == std::string::npos)
      known.push_back(s.name);
    else
      for (const auto& t : s.tests) known.push_back(t.name);
  }
  return nearest(glob, known);
}

Error no_match(const RunSpec& run, const std::vector<model::Suite>& suites, const std::string& glob) {
  const std::string near = nearest_choice(glob, suites);
  std::vector<std::string> names;
  for (const auto& s : suites) names.push_back(s.name);
  return bad(run.where,
             fmt::format("suites: '{}' matches no test{}", glob,
                         near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
             names.empty() ? "there are no suites under guest-tests" : "suites: " + join(names, ", "));
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
    return lacks(fmt::format("{} huge pages, which", t.needs.hugepages_2m),
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

template <typename T>
std::vector<T> each_once(const std::vector<T>& values) {
  std::vector<T> out;
  for (const auto& v : values) {
    if (std::find(out.begin(), out.end(), v) == out.end()) out.push_back(v);
  }
  return out;
}

}  // namespace

std::size_t Plan::guest_count() const {
  std::size_t n = 0;
  for (const auto& k : kernels) n += k.guests.size();
  return n;
}

Result<std::vector<Point>> resolve_points(const RunSpec& run, const std::vector<Point>& points,
                                          std::vector<std::string>& notes) {
  std::map<int, std::string> named;  // number -> the word that named it first
  if (run.points.empty()) return bad(run.where, "no point is given", "points: [base, tip]");
  for (const auto& word : run.points) {
    PINRIG_TRY(numbers, numbers_of(run, static_cast<int>(points.size()) - 1, word));
    for (const int n : numbers) {
      const auto [it, fresh] = named.emplace(n, word);
      if (!fresh && word != "each" && it->second != "each")
        notes.push_back(
            it->second == word
                ? fmt::format("point '{}' is named twice and runs once", word)
                : fmt::format("points '{}' and '{}' are the same kernel and run once", it->second, word));
    }
  }
  std::vector<Point> out;
  for (const auto& [n, word] : named) out.push_back(points[static_cast<std::size_t>(n)]);
  return out;
}

Result<std::vector<TestSpec>> select_tests(const RunSpec& run, const std::vector<model::Suite>& suites) {
  std::vector<TestSpec> out;
  std::set<std::string> have;
  std::set<std::string> left_out;
  for (const auto& word : run.suites) {
    const bool without = word.starts_with('!');
    const std::string glob = without ? word.substr(1) : word;
    bool matched = false;
    for (const auto& suite : suites) {
      for (const auto& t : suite.tests) {
        if (!chosen(glob, t)) continue;
        matched = true;
        if (without)
          left_out.insert(t.name);
        else if (have.insert(t.name).second)
          out.push_back(t);
      }
    }
    if (!matched) return no_match(run, suites, glob);
  }
  std::erase_if(out, [&](const TestSpec& t) { return left_out.contains(t.name); });
  if (out.empty()) return bad(run.where, "no test is chosen", "suites: ['*'] takes all of them");
  std::stable_sort(out.begin(), out.end(),
                   [](const TestSpec& a, const TestSpec& b) { return running_order(a) < running_order(b); });
  return out;
}

Result<void> check_offer(const Machine& machine, const std::vector<TestSpec>& tests) {
  for (const auto& t : tests) PINRIG_CHECK(check_one(machine, t));
  return {};
}

Result<Plan> make_plan(const RunSpec& run, const Offer& offer) {
  Plan plan;
  plan.name = run.name;
  plan.base = run.base;
  plan.series = run.series;
  plan.patches = static_cast<int>(offer.points.size()) - 1;
  PINRIG_TRY(points, resolve_points(run, offer.points, plan.notes));
  PINRIG_TRY(tests, select_tests(run, offer.suites));
  PINRIG_CHECK(check_offer(offer.machine, tests));
  if (run.archs.empty()) return bad(run.where, "no architecture is given", "archs: all");
  if (run.configs.empty()) return bad(run.where, "no configuration is given", "fragments: [base, pin]");
  const auto guests = group_tests(offer.machine, tests);
  for (const auto arch : each_once(run.archs)) {
    for (const auto& config : run.configs) {
      for (const auto& point : points) {
        plan.kernels.push_back(kernel_of(point, arch, config, guests));
        plan.kernels.back().is_tip = plan.patches > 0 && point.number == plan.patches;
      }
    }
  }
  return plan;
}

}  // namespace pinrig::plan

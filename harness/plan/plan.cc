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
using model::TestSpec;

Error bad(const model::Where& where, const std::string& message, std::string hint = {}) {
  const std::string place = model::to_string(where);
  return make_error(ErrorKind::bad_input, place.empty() ? message : place + ": " + message, std::move(hint));
}

Point make_point(int number, const std::vector<std::string>& subjects) {
  const int last = static_cast<int>(subjects.size());
  Point p;
  p.number = number;
  p.label = number == 0 ? "base" : number == last ? "tip" : std::to_string(number);
  if (number > 0) p.subject = subjects[static_cast<std::size_t>(number) - 1];
  return p;
}

std::string series_length(const PlanInput& in) {
  if (in.run.series.empty()) return "this run has no series";
  return fmt::format("series {} has {} patch{}", in.run.series, in.subjects.size(),
                     in.subjects.size() == 1 ? "" : "es");
}

/// The numbers that one word of `points` means.
Result<std::vector<int>> numbers_of(const PlanInput& in, const std::string& word) {
  const int last = static_cast<int>(in.subjects.size());
  if (word == "base") return std::vector<int>{0};
  if (word == "tip" || word == "each") {
    if (last == 0)
      return bad(in.run.where, fmt::format("point '{}': {}", word, series_length(in)), "use the point base");
    std::vector<int> all;
    for (int n = word == "tip" ? last : 0; n <= last; ++n) all.push_back(n);
    return all;
  }
  int number = -1;
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (ec != std::errc() || end != word.data() + word.size() || number < 0)
    return bad(in.run.where, fmt::format("point '{}' is none of base, tip, each or a patch number", word));
  if (number > last)
    return bad(in.run.where, fmt::format("point {} does not exist: {}", number, series_length(in)),
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

Error no_match(const PlanInput& in, const std::string& glob) {
  const std::string near = nearest_choice(glob, in.suites);
  std::vector<std::string> names;
  for (const auto& s : in.suites) names.push_back(s.name);
  return bad(in.run.where,
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

model::Cell cell_of(const Point& point, model::Arch arch, const GuestGroup& group,
                    const std::string& config) {
  model::Cell cell;
  cell.kernel = fmt::format("{}-{}", point.label, model::to_string(arch));
  cell.id = cell.kernel + group.suffix;
  cell.reason = group.reason;
  cell.point = point;
  cell.arch = arch;
  cell.config = config;
  cell.machine = group.machine;
  cell.tests = group.tests;
  return cell;
}

}  // namespace

Result<std::vector<Point>> resolve_points(const PlanInput& in, std::vector<std::string>& notes) {
  std::map<int, std::string> named;  // number -> the word that named it first
  if (in.run.points.empty()) return bad(in.run.where, "no point is given", "points: [base, tip]");
  for (const auto& word : in.run.points) {
    PINRIG_TRY(numbers, numbers_of(in, word));
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
  for (const auto& [n, word] : named) out.push_back(make_point(n, in.subjects));
  return out;
}

Result<std::vector<TestSpec>> select_tests(const PlanInput& in) {
  std::vector<TestSpec> out;
  std::set<std::string> have;
  std::set<std::string> left_out;
  for (const auto& word : in.run.suites) {
    const bool without = word.starts_with('!');
    const std::string glob = without ? word.substr(1) : word;
    bool matched = false;
    for (const auto& suite : in.suites) {
      for (const auto& t : suite.tests) {
        if (!chosen(glob, t)) continue;
        matched = true;
        if (without)
          left_out.insert(t.name);
        else if (have.insert(t.name).second)
          out.push_back(t);
      }
    }
    if (!matched) return no_match(in, glob);
  }
  std::erase_if(out, [&](const TestSpec& t) { return left_out.contains(t.name); });
  if (out.empty()) return bad(in.run.where, "no test is chosen", "suites: ['*'] takes all of them");
  std::stable_sort(out.begin(), out.end(),
                   [](const TestSpec& a, const TestSpec& b) { return running_order(a) < running_order(b); });
  return out;
}

Result<void> check_offer(const Machine& machine, const std::vector<TestSpec>& tests) {
  for (const auto& t : tests) PINRIG_CHECK(check_one(machine, t));
  return {};
}

Result<Plan> make_plan(const PlanInput& in) {
  Plan plan;
  plan.name = in.run.name;
  plan.base = in.base;
  plan.series = in.run.series;
  plan.patches = static_cast<int>(in.subjects.size());
  PINRIG_TRY(points, resolve_points(in, plan.notes));
  PINRIG_TRY(tests, select_tests(in));
  PINRIG_CHECK(check_offer(in.machine, tests));
  if (in.run.archs.empty()) return bad(in.run.where, "no architecture is given", "archs: all");
  std::vector<model::Arch> archs;
  for (const auto arch : in.run.archs) {
    if (std::find(archs.begin(), archs.end(), arch) == archs.end()) archs.push_back(arch);
  }
  const auto groups = group_tests(in.machine, tests);
  for (const auto arch : archs) {
    for (const auto& point : points) {
      for (const auto& group : groups)
        plan.cells.push_back(cell_of(point, arch, group, join(in.run.fragments, "+")));
    }
  }
  return plan;
}

}  // namespace pinrig::plan

// SPDX-License-Identifier: GPL-2.0
#include "report/repeats.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/assess.h"

namespace pinrig::report {
namespace {

using model::Verdict;

void add_run(const KernelData& kernel, const TestData& test, std::vector<Repeat>& out) {
  const std::string name = assess::without_run(test.name());
  auto it = std::find_if(out.begin(), out.end(),
                         [&](const Repeat& r) { return r.kernel == &kernel && r.test == name; });
  if (it == out.end()) it = out.insert(out.end(), {&kernel, name, {}});
  const Verdict v = test.row.verdict().verdict;
  if (v != Verdict::missing && v != Verdict::error) it->attempts.add(v);
}

}  // namespace

std::vector<Repeat> repeats_of(const RunData& data) {
  std::vector<Repeat> out;
  for (const auto& kernel : data.kernels) {
    const auto tests = kernel.tests();
    const bool repeated = std::any_of(tests.begin(), tests.end(), [](const TestData* t) {
      return assess::without_run(t->name()) != t->name();
    });
    if (!repeated) continue;
    for (const TestData* t : tests) add_run(kernel, *t, out);
  }
  std::erase_if(out, [](const Repeat& r) { return r.attempts.count() < 2; });
  return out;
}

std::string repeats(const Digest& d, const Painter& p) {
  const auto all = repeats_of(d.data);
  if (all.empty()) return "";
  std::string out = p.bold("repeated tests") + "\n";
  std::size_t green = 0;
  for (const auto& r : all) {
    if (assess::steadiness(r.attempts) == assess::Steadiness::steady_green) {
      ++green;
      continue;
    }
    out += fmt::format("  {}  {}\n", r.kernel->row.id, assess::to_text(r.test, r.attempts));
  }
  if (green > 0) {
    const auto fewest = std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.attempts.count() < b.attempts.count();
    });
    const int runs = fewest->attempts.count();
    out += fmt::format(
        "  {} of {} never failed; of {} runs without one, a rate up to {:.1f} % is possible (95 %)\n", green,
        all.size(), runs, 100 * assess::wilson(0, runs).high);
  }
  return out;
}

}  // namespace pinrig::report

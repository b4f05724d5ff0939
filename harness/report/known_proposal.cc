// SPDX-License-Identifier: GPL-2.0
// Files for configs/known-issues, written from what a run saw.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "base/text.h"
#include "report/nights.h"

namespace pinrig::report {
namespace {

constexpr std::size_t most_proposals = 20;

struct Red {
  std::set<model::Arch> archs;
  std::vector<std::string> tests;  ///< as known issues name them
  std::set<model::Verdict> seen;
  std::int64_t pages = 0;
  std::string version;
  std::string detail;
};

bool can_be_known(model::Verdict v) {
  return v == model::Verdict::fail || v == model::Verdict::leak || v == model::Verdict::crash ||
         v == model::Verdict::timeout || v == model::Verdict::xpass;
}

/// A double-quoted YAML scalar.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : shown(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

void add(Red& red, const store::KernelRow& k, const model::AssessedResult& r) {
  const auto& v = r.verdict();
  red.archs.insert(k.arch);
  const std::string name = v.test + ":" + v.case_name;
  if (std::find(red.tests.begin(), red.tests.end(), name) == red.tests.end()) red.tests.push_back(name);
  red.seen.insert(v.verdict);
  red.pages = std::max<std::int64_t>(red.pages, std::llabs(r.result.outstanding()));
  red.version = k.point.version;
  if (red.detail.empty()) red.detail = v.detail;
}

/// A test's own row is left out where its cases say all: pages are the test's, whatever its cases.
void drop_own_rows(Red& red) {
  if (red.tests.size() < 2) return;
  std::erase_if(red.tests, [](const std::string& t) { return t.ends_with(':'); });
}

Proposal proposal_of(const std::string& test, Red red, const store::RunRow& run, const std::string& expires) {
  drop_own_rows(red);
  std::string name = test;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '/' || c == '_' || c == ':'; }, '-');
  std::vector<std::string> tests;
  for (const auto& t : red.tests) tests.push_back(quoted(t));
  std::vector<std::string> seen;
  for (const auto v : red.seen) seen.emplace_back(model::to_string(v));
  std::string text = "# SPDX-License-Identifier: GPL-2.0\n";
  text += fmt::format("# Proposed from run {}: read it, narrow it, and say where in the kernel the bug is.\n",
                      run.id);
  text += fmt::format("tests: [{}]\n", join(tests, ", "));
  if (!run.base.empty()) text += fmt::format("kernels: [{}]\n", run.base);
  // From this release on: earlier ones are not known to have it.
  const auto dot = red.version.find('.', red.version.find('.') + 1);
  if (!red.version.empty()) text += fmt::format("since: \"{}\"\n", red.version.substr(0, dot));
  if (red.archs.size() == 1) text += fmt::format("archs: [{}]\n", model::to_string(*red.archs.begin()));
  text += fmt::format("seen: [{}]\n", join(seen, ", "));
  if (red.pages > 0) text += fmt::format("pages: {}\n", red.pages);
  text += fmt::format("reason: {}\n", quoted(red.detail.empty() ? "fails, not yet explained" : red.detail));
  text += fmt::format("reference: {}\n", quoted("run " + run.id + ", not yet explained"));
  text += fmt::format("expires: \"{}\"\n", expires);
  return {name, text};
}

Error too_many(std::size_t n) {
  return make_error(
      ErrorKind::bad_usage,
      fmt::format("{} are red: more than {} known issues at once are one broken kernel", n, most_proposals),
      "name one test, after a look at `pinrig show`");
}

}  // namespace

Result<std::vector<Proposal>> propose_known(const store::Store& store, const store::RunRow& run,
                                            const std::string& test, const std::string& expires) {
  std::map<std::string, Red> reds;
  std::set<std::string> cannot;
  PINRIG_TRY(kernels, store.kernels(run.id));
  PINRIG_TRY(guests, store.guests(run.id));
  for (const auto& g : guests) {
    const auto k =
        std::find_if(kernels.begin(), kernels.end(), [&](const auto& row) { return row.id == g.kernel_id; });
    PINRIG_TRY(rows, store.results(run.id, g.id));
    for (const auto& r : rows) {
      const auto& v = r.verdict();
      if (r.expected() || (!test.empty() && v.test != test)) continue;
      const bool possible = can_be_known(v.verdict) && v.test != model::unowned_test && k != kernels.end();
      if (possible)
        add(reds[v.test], *k, r);
      else
        cannot.insert(fmt::format("{} ({})", v.test, model::to_string(v.verdict)));
    }
  }
  if (reds.empty() && !cannot.empty())
    return make_error(
        ErrorKind::bad_usage,
        fmt::format("no known issue can explain {}", join({cannot.begin(), cannot.end()}, ", ")),
        "it may be fail, leak, crash, timeout or xpass of a test");
  if (reds.empty())
    return make_error(ErrorKind::bad_usage,
                      fmt::format("run {}: {} is red that nothing explains", run.id,
                                  test.empty() ? "no test" : "no row of " + test),
                      fmt::format("`pinrig show {}` has its verdicts", run.id));
  if (reds.size() > most_proposals) return too_many(reds.size());
  std::vector<Proposal> out;
  for (auto& [name, red] : reds) out.push_back(proposal_of(name, std::move(red), run, expires));
  return out;
}

}  // namespace pinrig::report

// SPDX-License-Identifier: GPL-2.0
// Checks of patches as JSON, for patchwork and for b4.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/patch_checks.h"
#include "report/review.h"

namespace pinrig::report {
namespace {

using nlohmann::ordered_json;
using CheckState = PatchCheck::State;

constexpr std::size_t most_description = 120;
constexpr std::size_t most_details = 20;
constexpr std::size_t most_repro_tests = 5;
constexpr std::size_t most_other_runs = 5;

const char* state_word(CheckState s) {
  switch (s) {
    case CheckState::success:
      return "success";
    case CheckState::warning:
      return "warning";
    case CheckState::fail:
      return "fail";
    case CheckState::pending:
      return "pending";
  }
  return "?";
}

/// b4 knows no "pending": what was not run is a warning.
const char* status_word(CheckState s) {
  return s == CheckState::success ? "pass" : s == CheckState::fail ? "fail" : "warn";
}

/// "pinrig-x86_64", "pinrig-x86_64-debug"
std::string tool_of(std::string head) {
  std::replace(head.begin(), head.end(), ' ', '-');
  return "pinrig-" + head;
}

std::string dump(const ordered_json& j) {
  return j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

void add_capped(const std::vector<std::string>& lines, std::string& out) {
  for (std::size_t i = 0; i < std::min(lines.size(), most_details); ++i) out += lines[i] + "\n";
  if (lines.size() > most_details) out += fmt::format("and {} more\n", lines.size() - most_details);
}

/// The command that repeats what was judged: the red tests, or all of them.
std::string repro_line(const PatchCheck& c, const store::RunRow& run) {
  std::vector<std::string> argv{"pinrig", "run",    "--again",
                                run.id,   "--arch", c.head.substr(0, c.head.find(' '))};
  if (c.point >= 0) argv.insert(argv.end(), {"--point", std::to_string(c.point)});
  std::vector<std::string> tests;
  for (const auto& name : c.red) {
    const auto test = name.substr(0, name.find(':'));
    if (std::find(tests.begin(), tests.end(), test) == tests.end()) tests.push_back(test);
  }
  tests.resize(std::min(tests.size(), most_repro_tests));
  for (const auto& t : tests) argv.insert(argv.end(), {"--test", t});
  return shell_line(argv);
}

ordered_json check_json(const PatchCheck& c, const store::RunRow& run) {
  std::string details;
  add_capped(c.details, details);
  add_capped(c.rows, details);
  details += repro_line(c, run) + "\npinrig show " + run.id + "\n";
  return {{"tool", tool_of(c.head)},
          {"status", status_word(c.state)},
          {"summary", cut(c.text, most_description)},
          {"url", ""},
          {"details", std::move(details)}};
}

/// The newest of these runs whose failures are those of its kernels.
Result<std::optional<store::RunRow>> newest(const store::Store& store, const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    PINRIG_TRY(run, store.find_run(id));
    if (run && !run->faults) return run;
  }
  return std::optional<store::RunRow>();
}

/// Further runs with the same mail, the newest first.
Result<std::vector<RunData>> other_runs(const store::Store& store, const std::vector<std::string>& ids,
                                        const std::string& but) {
  std::vector<RunData> out;
  for (const auto& id : ids) {
    if (id == but || out.size() >= most_other_runs) continue;
    PINRIG_TRY(run, store.find_run(id));
    if (!run || run->faults) continue;
    PINRIG_TRY(data, load(store, *run));
    out.push_back(std::move(data));
  }
  return out;
}

/// fail > warning > pending > success.
int weight(CheckState s) {
  return s == CheckState::fail ? 3 : s == CheckState::warning ? 2 : s == CheckState::pending ? 1 : 0;
}

/// The whole series on one architecture: the worst of its patches, or the last when all are well.
PatchCheck of_series(const std::vector<PatchCheck>& all) {
  const PatchCheck* worst = &all.front();
  for (const auto& c : all) {
    if (weight(c.state) > weight(worst->state) ||
        (c.state == CheckState::success && worst->state == CheckState::success))
      worst = &c;
  }
  PatchCheck out = *worst;
  if (out.state != CheckState::success) out.text = fmt::format("patch {}: {}", out.patch.point, out.text);
  return out;
}

ordered_json series_json(const std::vector<PatchCheck>& all, const store::RunRow& run) {
  ordered_json out = ordered_json::array();
  std::vector<PatchCheck> of_head;
  for (std::size_t i = 0; i < all.size(); ++i) {
    of_head.push_back(all[i]);
    if (i + 1 < all.size() && all[i + 1].head == all[i].head) continue;
    out.push_back(check_json(of_series(of_head), run));
    of_head.clear();
  }
  return out;
}

/// Leaves the patches that the mail is. Where its ids name none and the mail is the run's series, all are.
void keep_named(const MailKey& mail, const std::string& series, std::vector<PatchCheck>& all) {
  const auto other = [&](const PatchCheck& c) {
    const bool sent = !mail.message_id.empty() && c.patch.message_id == mail.message_id;
    const bool same = !mail.patch_id.empty() && c.patch.patch_id == mail.patch_id;
    return !sent && !same;
  };
  const bool whole = !mail.series.empty() && mail.series == series;
  if (whole && std::all_of(all.begin(), all.end(), other)) return;
  std::erase_if(all, other);
}

}  // namespace

Result<std::string> checks(const store::Store& store, const store::RunRow& run) {
  PINRIG_TRY(patches, store.patches(run.id));
  if (patches.empty())
    return make_error(ErrorKind::bad_usage, fmt::format("run {} has no series: no patches to check", run.id),
                      "a run that was made with --series, by this version of pinrig");
  PINRIG_TRY(data, load(store, run));
  ordered_json out = ordered_json::array();
  for (const auto& c : patch_checks(data, patches))
    out.push_back({{"patch_id", c.patch.patch_id},
                   {"message_id", c.patch.message_id},
                   {"context", tool_of(c.head)},
                   {"state", state_word(c.state)},
                   {"description", cut(c.text, most_description)}});
  return dump(out);
}

Result<B4Answer> b4_check(const store::Store& store, const MailKey& mail) {
  PINRIG_TRY(runs, store.runs_of_mail(mail.message_id, mail.patch_id, mail.series));
  PINRIG_TRY(run, newest(store, runs));
  if (!run) return B4Answer{false, dump(ordered_json::array())};
  PINRIG_TRY(data, load(store, *run));
  PINRIG_TRY(series, store.series(run->id));
  PINRIG_TRY(patches, store.patches(run->id));
  auto all = patch_checks(data, patches);
  const bool is_cover = series && !mail.message_id.empty() && series->message_id == mail.message_id;
  if (!is_cover) keep_named(mail, run->series, all);
  if (std::any_of(all.begin(), all.end(), [](const auto& c) { return c.state == CheckState::fail; })) {
    PINRIG_TRY(other, other_runs(store, runs, run->id));
    for (auto& c : all) find_flaky(c, other);
  }
  if (is_cover) return B4Answer{true, dump(series_json(all, *run))};
  ordered_json out = ordered_json::array();
  for (const auto& c : all) out.push_back(check_json(c, *run));
  return B4Answer{true, dump(out)};
}

}  // namespace pinrig::report

// SPDX-License-Identifier: GPL-2.0
#include "report/list.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/digest.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

constexpr int max_runs = 1000000;

Result<RunLine> line_of(const store::Store& store, const store::RunRow& run) {
  PINRIG_TRY(data, load(store, run));
  const auto d = digest(std::move(data));
  RunLine line{run, store::to_string(run.state), d->headline(), d->result == Digest::Result::all_expected};
  if (run.state == store::RunState::finished)
    line.result = line.good ? "as expected" : fmt::format("exit {}", run.exit_code);
  return line;
}

bool is_failed(const store::RunRow& r) {
  return r.state != store::RunState::running && !(r.state == store::RunState::finished && r.exit_code == 0);
}

/// "YYYY-MM-DDTHH:MM:SS", or a part of it that ends after the day, the minute or the second, of the calendar.
bool is_date(const std::string& word) {
  static constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (word.size() != 10 && word.size() != 16 && word.size() != shape.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool digit = word[i] >= '0' && word[i] <= '9';
    if (shape[i] == 'd' ? !digit : word[i] != shape[i]) return false;
  }
  const auto at = [&](std::size_t i, std::size_t n) {
    return word.size() < i + n ? 0 : static_cast<unsigned>(std::stoul(word.substr(i, n)));
  };
  const std::chrono::year_month_day day(std::chrono::year(static_cast<int>(at(0, 4))),
                                        std::chrono::month(at(5, 2)), std::chrono::day(at(8, 2)));
  return day.ok() && at(11, 2) < 24 && at(14, 2) < 60 && at(17, 2) < 60;
}

}  // namespace

Result<std::string> since_time(const std::string& word, std::time_t now) {
  std::string date = word;
  if (date.ends_with('Z')) date.pop_back();
  if (is_date(date)) return date;
  long amount = 0;
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), amount);
  const std::string unit(end, word.data() + word.size());
  if (ec == std::errc() && amount >= 0 && amount < 1000000 && (unit == "h" || unit == "d"))
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(now - amount * (unit == "h" ? 3600 : 86400)));
  return make_error(ErrorKind::bad_usage, fmt::format("--since {}: not a date", shell_quote(word)),
                    "such as 2026-11-21, 2026-11-21T10:30 (UTC), 36h or 7d");
}

Result<RunList> run_list(const store::Store& store, const ListFilter& filter) {
  RunList out;
  PINRIG_TRY(runs, store.runs(max_runs));
  for (const auto& run : runs) {
    if (static_cast<int>(out.lines.size()) >= filter.limit) break;
    if (run.started < filter.since || (filter.failed && !is_failed(run))) continue;
    if (!run.purpose.empty() && !filter.all) {
      ++out.hidden;
      continue;
    }
    PINRIG_TRY(line, line_of(store, run));
    out.lines.push_back(std::move(line));
  }
  return out;
}

std::string list_text(const RunList& list, const Style& style) {
  const Painter p(style);
  const std::string hidden =
      list.hidden == 0
          ? ""
          : p.dim(fmt::format("{} of `pinrig prove` not listed (--all)", count_of(list.hidden, "run"))) +
                "\n";
  if (list.lines.empty()) return hidden.empty() ? "no such run; start one with `pinrig run`\n" : hidden;
  std::vector<std::vector<std::string>> rows{
      {p.bold("run"), p.bold("spec"), p.bold("kernel"), p.bold("took"), p.bold("result")}};
  for (const auto& line : list.lines) {
    const auto& r = line.run;
    const auto took = elapsed_s(r.started, r.finished);
    const bool ended = r.state == store::RunState::finished;
    const std::string result = line.result + (line.headline.empty() ? "" : ": " + line.headline);
    rows.push_back({r.id,
                    r.spec + (r.faults ? "+faults" : "") + (r.purpose.empty() ? "" : " (" + r.purpose + ")"),
                    r.base + (r.series.empty() ? "" : " + " + r.series), took ? human_seconds(*took) : "",
                    line.good ? p.good(result)
                    : ended   ? p.bad(result)
                              : p.warn(result)});
  }
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c + 1 < row.size(); ++c) line += pad(row[c], widths[c]) + "  ";
    out += line + row.back() + "\n";
  }
  return out + hidden;
}

std::string list_json(const RunList& list) {
  using nlohmann::ordered_json;
  ordered_json out{{"format", "pinrig-runs"}, {"version", 1}, {"hidden", list.hidden}};
  out["runs"] = ordered_json::array();
  for (const auto& line : list.lines) {
    const auto& r = line.run;
    out["runs"].push_back(
        {{"id", r.id},
         {"spec", r.spec},
         {"base", r.base},
         {"series", r.series.empty() ? ordered_json(nullptr) : ordered_json(r.series)},
         {"faults", r.faults},
         {"purpose", r.purpose},
         {"state", store::to_string(r.state)},
         {"exit_code", r.exit_code < 0 ? ordered_json(nullptr) : ordered_json(r.exit_code)},
         {"started", r.started},
         {"finished", r.finished.empty() ? ordered_json(nullptr) : ordered_json(r.finished)},
         {"headline", line.headline},
         {"dir", r.dir}});
  }
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pinrig::report

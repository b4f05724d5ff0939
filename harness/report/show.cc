// SPDX-License-Identifier: GPL-2.0
#include "report/show.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/sections.h"
#include "report/table.h"

namespace pinrig::report {
namespace {

std::string field(const Painter& p, const std::string& name, const std::string& value) {
  return value.empty() ? "" : hanging(p, "  " + p.dim(pad(name, 13)) + " ", value);
}

std::string job_fields(const JobData& data, const Painter& p) {
  const auto& j = data.job;
  std::string out = p.bold(j.cell_id) +
                    fmt::format("  {}", j.point.number == 0
                                            ? "the base"
                                            : fmt::format("patch {}: {}", j.point.number, j.point.subject)) +
                    "\n";
  const std::string outcome = std::string(model::to_string(j.outcome.kind)) +
                              (j.outcome.phase.empty() ? "" : " in " + j.outcome.phase) +
                              (j.outcome.detail.empty() ? "" : ": " + j.outcome.detail);
  out += field(p, "outcome", outcome);
  if (!j.kernel_key.empty())
    out += field(
        p, "kernel",
        j.kernel_release + (j.build_cached ? ", built before"
                                           : fmt::format(", built in {}", human_seconds(j.build_wall_s))));
  out += field(p, "kernel key", j.kernel_key);
  out += field(p, "config", j.config);
  out += field(p, "machine", j.machine);
  if (!j.accel.empty()) {
    out += field(p, "accelerator",
                 j.accel + (j.cpu_model.empty() ? "" : " (-cpu " + j.cpu_model + ")") +
                     (j.accel_reason.empty() ? "" : ", " + j.accel_reason));
    out +=
        field(p, "times", fmt::format("boot {}, guest {}", human_seconds(j.boot_s), human_seconds(j.wall_s)));
  }
  out += field(p, "capabilities", capability_words(j.capabilities));
  out += field(p, "other runs", capability_words(data.elsewhere));
  for (const auto& u : j.unmet) out += field(p, "not met", u);
  for (const auto& n : j.notes) out += field(p, "note", n);
  for (const auto& e : data.events)
    out += field(p, "kernel said",
                 fmt::format("{} ({}, console lines {}-{}{})", e.title,
                             e.owner.empty() ? "outside of tests" : "during " + e.owner, e.first_line,
                             e.last_line, e.fatal ? ", fatal" : ""));
  return out;
}

/// `test` is the one to run again, empty for all.
std::string file_fields(const store::JobRow& j, const std::string& test, const Painter& p) {
  if (j.dir.empty() || j.accel.empty()) return "";  // no guest was started, so it left nothing
  std::string out = "\n" + p.bold("files") + "\n";
  out += field(p, "console", shell_quote(j.dir + "/console.raw"));
  out += field(p, "results", shell_quote(j.dir + "/results.raw"));
  out += field(p, "QEMU", shell_quote(j.dir + "/qemu.args"));
  out += field(p, "once more",
               shell_quote(j.dir + "/repro.sh") + (test.empty() ? "" : " --test " + shell_quote(test)));
  out += field(p, "by hand", shell_quote(j.dir + "/repro.sh") + " --shell");
  return out;
}

/// Every test of a cell in one line each.
std::string test_list(const JobData& data, const Painter& p) {
  if (data.tests.empty()) return "";
  std::size_t name = 0;
  std::size_t verdict = 0;
  std::size_t pins = 0;
  for (const auto& t : data.tests) {
    name = std::max(name, width_of(t.row.verdict.test));
    verdict = std::max(verdict, width_of(verdict_text(t.row.verdict, p, 0)));
    pins = std::max(pins, width_of(pins_text(t.row, p)));
  }
  std::string out = "\n" + p.bold("tests") + "\n";
  for (const auto& t : data.tests) {
    std::string line =
        "  " + pad(t.row.verdict.test, name) + "  " + pad(verdict_text(t.row.verdict, p, 0), verdict) + "  " +
        pad(pins_text(t.row, p), pins) + fmt::format("  {:>6}", human_seconds(t.row.verdict.wall_s));
    out += line + (t.cases.empty() ? "" : "  " + join(case_counts(t, p), ", ")) + "\n";
    if (!t.as_expected() && !t.row.verdict.detail.empty()) out += hanging(p, "    ", t.row.verdict.detail);
  }
  return out;
}

const char* claim_words(const model::PinClaim& c) {
  switch (c.mode) {
    case model::PinClaim::Mode::net_zero:
      return "nothing more than to give all back";
    case model::PinClaim::Mode::exact:
      return "exactly";
    case model::PinClaim::Mode::at_least:
      return "at least";
  }
  return "";
}

std::string ledger_table(const store::VerdictRow& row, const Painter& p) {
  if (!row.ledger) return "";
  const auto& l = *row.ledger;
  std::string out = "\n" + p.bold("pins") + p.dim("  base pages") + "\n";
  if (!l.available) return out + "  not available: this kernel does not count pins\n";
  const auto settled = [](bool yes) { return yes ? "settled" : "not settled"; };
  out += p.dim(fmt::format("  {:<10} {:>14} {:>14}\n", "", "acquired", "released"));
  out += fmt::format("  {:<10} {:>14} {:>14}  {}\n", "before", l.before.acquired, l.before.released,
                     settled(l.settled_before));
  out += fmt::format("  {:<10} {:>14} {:>14}  {} after {:.0f} ms\n", "after", l.after.acquired,
                     l.after.released, settled(l.settled_after), l.settle_ms);
  out += fmt::format("  {:<10} {:>+14} {:>+14}\n", "moved", l.acquired(), l.released());
  const std::string left = fmt::format("{:+}", l.outstanding());
  out += fmt::format("  {:<10} {:>14}\n", "left", l.outstanding() == 0 ? "0" : left);
  if (l.claim) {
    const bool amount = l.claim->mode != model::PinClaim::Mode::net_zero;
    out += fmt::format("  claimed    {}{}\n", claim_words(*l.claim),
                       amount ? fmt::format(" {} pages", l.claim->pages) : "");
    if (l.claim->skew_sections > 0)
      out += hanging(
          p, "  corrected  ",
          fmt::format("{} pins that legacy direct I/O takes without counting", 2 * l.claim->skew_sections));
  }
  return out;
}

std::string taint_text(const std::optional<std::uint64_t>& taint) {
  return taint ? fmt::format("{:#x}", *taint) : "unknown";
}

std::string counters_table(const store::VerdictRow& row, const Painter& p) {
  std::string out;
  std::size_t width = 0;
  for (const auto& [name, value] : row.counters) width = std::max(width, name.size());
  for (const auto& [name, value] : row.counters) {
    if (value != 0) out += fmt::format("  {:<{}} {:>+12}\n", name, width, value);
  }
  const bool unknown = row.ledger && !(row.taint_before && row.taint_after);
  if (unknown || row.taint_before != row.taint_after)
    out += fmt::format("  kernel taint {} {} {}\n", taint_text(row.taint_before), p.arrow(),
                       taint_text(row.taint_after));
  return out.empty() ? "" : "\n" + p.bold("counters that moved") + "\n" + out;
}

std::string verdict_fields(const model::TestVerdict& v, const Painter& p) {
  std::string out = field(p, "verdict", verdict_text(v, p, 0));
  out += field(p, "because", v.detail);
  out += field(p, v.expected ? "expectation" : "expected", v.expectation);
  if (v.line > 0) out += field(p, "output line", std::to_string(v.line));
  if (v.wall_s > 0) out += field(p, "took", human_seconds(v.wall_s));
  for (const auto& [name, value] : v.numbers) out += field(p, name, fmt::format("{:g}", value));
  return out;
}

std::string case_list(const TestData& t, const Painter& p) {
  if (t.cases.empty()) return "";
  std::string out = "\n" + p.bold("cases") + "  " + join(case_counts(t, p), ", ") + "\n";
  std::size_t width = 0;
  for (const auto& c : t.cases) width = std::max(width, width_of(verdict_text(c, p, 1)));
  for (const auto& c : t.cases)
    out += hanging(p, "  " + pad(verdict_text(c, p, 1), width) + "  ",
                   c.case_name + (c.detail.empty() ? "" : ": " + c.detail));
  return out;
}

Result<const JobData*> find_job(const RunData& data, const std::string& cell) {
  std::vector<std::string> known;
  for (const auto& j : data.jobs) {
    if (j.job.cell_id == cell) return &j;
    known.push_back(j.job.cell_id);
  }
  const std::string near = nearest(cell, known);
  return make_error(ErrorKind::bad_usage,
                    fmt::format("run {} has no cell '{}'{}", data.run.id, cell,
                                near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
                    known.empty() ? "no job of it has ended yet" : "its cells: " + join(known, ", "));
}

/// The guest of the same kernel that ran the test: people need not know which it was.
const JobData* with_test(const RunData& data, const JobData* job, const std::string& test) {
  const std::string name = test.substr(0, test.find(':'));
  if (job->find(name) != nullptr) return job;
  for (const auto& j : data.jobs) {
    if (j.job.cell_id.starts_with(job->job.cell_id + ".") && j.find(name) != nullptr) return &j;
  }
  return job;
}

Result<const TestData*> find_test(const JobData& job, const std::string& test) {
  std::vector<std::string> known;
  for (const auto& t : job.tests) {
    if (t.row.verdict.test == test) return &t;
    known.push_back(t.row.verdict.test);
  }
  const std::string near = nearest(test, known);
  return make_error(ErrorKind::bad_usage,
                    fmt::format("cell {} has no test '{}'{}", job.job.cell_id, test,
                                near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
                    known.empty() ? "no test was judged there" : "its tests: " + join(known, ", "));
}

Result<std::string> show_one(const JobData& job, const std::string& name, const Painter& p) {
  const auto colon = name.find(':');
  PINRIG_TRY(t, find_test(job, name.substr(0, colon)));
  std::string out = p.bold(name) + "  " + column_name(job.job) + p.dim("  " + job.job.kernel_release) + "\n";
  if (colon == std::string::npos)
    return out + verdict_fields(t->row.verdict, p) + ledger_table(t->row, p) + counters_table(t->row, p) +
           case_list(*t, p) + file_fields(job.job, t->row.verdict.test, p);
  const std::string case_name = name.substr(colon + 1);
  std::vector<std::string> known;
  for (const auto& c : t->cases) {
    if (c.case_name == case_name)
      return out + verdict_fields(c, p) + file_fields(job.job, t->row.verdict.test, p);
    known.push_back(c.case_name);
  }
  const std::string near = nearest(case_name, known);
  return make_error(ErrorKind::bad_usage,
                    fmt::format("test {} has no case '{}'{}", t->row.verdict.test, case_name,
                                near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

}  // namespace

Result<std::string> show(const store::Store& store, const store::RunRow& run, const std::string& cell,
                         const std::string& test, const Style& style) {
  if (cell.empty()) return terminal(store, run, style);
  const Painter p(style);
  PINRIG_TRY(data, load(store, run));
  PINRIG_TRY(job, find_job(data, cell));
  if (!test.empty()) return show_one(*with_test(data, job, test), test, p);
  return job_fields(*job, p) + test_list(*job, p) + file_fields(job->job, "", p);
}

std::string list_runs(const std::vector<store::RunRow>& runs, const Style& style) {
  const Painter p(style);
  if (runs.empty()) return "no runs yet; pinrig run makes one\n";
  std::vector<std::vector<std::string>> rows{
      {p.bold("run"), p.bold("spec"), p.bold("kernel"), p.bold("took"), p.bold("result")}};
  for (const auto& r : runs) {
    const auto took = elapsed_s(r.started, r.finished);
    std::string result = r.state == "finished" ? fmt::format("exit {}", r.exit_code) : r.state;
    if (r.state == "finished")
      result = r.exit_code == 0 ? p.good("as expected") : p.bad(result);
    else
      result = p.warn(result);
    rows.push_back({r.id, r.spec, r.base + (r.series.empty() ? "" : " + " + r.series),
                    took ? human_seconds(*took) : "", result});
  }
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) line += pad(row[c], widths[c]) + "  ";
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace pinrig::report
